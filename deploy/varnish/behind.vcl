vcl 4.1;

# Varnish behind the guard: it keeps what the gallery sends, and every visitor is still seen by the guard.
#
#   visitors -> (nginx, Caddy …) -> guard -> Varnish 127.0.0.1:6081 -> gallery 127.0.0.1:8080
#
# In guard.yaml:
#
#   sites: [{host: photo.example, upstream: "http://127.0.0.1:6081"}]
#
# What is marked, made smaller or refused is made by the guard, after Varnish, so nothing of it is ever kept here.

backend gallery {
    .host = "127.0.0.1";
    .port = "8080";
}
