vcl 4.1;

# Varnish in front, the guard behind it, your gallery behind the guard.
#
#   visitors -> Varnish -> guard 127.0.0.1:8700 -> gallery 127.0.0.1:8080
#
# In guard.yaml:
#
#   sites: [{host: photo.example, upstream: "http://127.0.0.1:8080"}]
#   client_ip: {from: x-forwarded-for, trusted: [127.0.0.1/32]}
#
# Here nothing is kept: a copy that a person was given would go to the next crawler without the guard knowing. Better
# put Varnish behind the guard (behind.vcl), where it spares the gallery just as much.

backend guard {
    .host = "127.0.0.1";
    .port = "8700";
}

sub vcl_recv {
    # Varnish has appended the address to whatever the visitor sent.
    set req.http.X-Forwarded-For = client.ip;
    unset req.http.X-Real-IP;
    unset req.http.Forwarded;
    if (req.http.Upgrade ~ "(?i)websocket") {
        return (pipe);
    }
    return (pass);
}

sub vcl_pipe {
    if (req.http.Upgrade) {
        set bereq.http.Upgrade = req.http.Upgrade;
        set bereq.http.Connection = req.http.Connection;
    }
}
