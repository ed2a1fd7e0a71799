"""How does each scraping tool ask for pictures?

Run by hand: `python tests/bench/capture_tools.py FOLDER [NAME…]`. Every tool fetches 36 originals from a gallery on the
loopback over TLS, with a browser's user agent where it can be told one; tools that are not installed are named and
skipped. Writes `FOLDER/tool-NAME.json`.

Further packages may lie in a folder that the variable TOOLBOX names: `bin/python` of an environment with Python's,
`node_modules` with node's, programs on the PATH. They are not needed for anything else.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from capture_gallery import ALBUMS, PICTURES, Gallery, running, write

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
TOOLBOX = Path(os.environ.get("TOOLBOX", "/nowhere"))
PATHS = [f"/original/a{a}/p{p:02}.jpg" for a in range(ALBUMS) for p in range(PICTURES)][:36]


def run(*command: object) -> None:
    if shutil.which(str(command[0])) is None:
        print("not installed:", command[0])
        return
    environment = {**os.environ, "NODE_TLS_REJECT_UNAUTHORIZED": "0"}
    done = subprocess.run([str(one) for one in command], capture_output=True, timeout=90, check=False, env=environment)
    if done.returncode:
        print(command[0], done.returncode, done.stderr[-300:])


def curl(base: str, folder: Path) -> None:
    for path in PATHS:
        run("curl", "-sk", "-o", folder / "x", "-A", CHROME, base + path)


def curl_one_connection(base: str, folder: Path) -> None:
    run("curl", "-sk", "-A", FIREFOX, "--compressed", *(x for path in PATHS for x in (base + path, "-o", folder / "x")))


def curl_copied(base: str, folder: Path, referer: str = "https://www.example.org/") -> None:
    """Send what a browser's developer tools copy as a command for curl."""
    lines = ["Accept: image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
             "Accept-Language: en-US,en;q=0.9",
             f"Referer: {referer}", 'sec-ch-ua: "Not:A-Brand";v="8", "Chromium";v="156"',
             "sec-ch-ua-mobile: ?0", 'sec-ch-ua-platform: "Windows"']  # fmt: skip
    headers = [part for line in lines for part in ("-H", line)]
    run("curl", "-sk", "-A", CHROME, *headers, *(x for path in PATHS for x in (base + path, "-o", folder / "x")))


def curl_copied_own(base: str, folder: Path) -> None:
    curl_copied(base, folder, f"{base}/album-0.html")


def wget(base: str, folder: Path) -> None:
    (folder / "list").write_text("\n".join(base + path for path in PATHS))
    run("wget", "-q", "--no-check-certificate", "-U", CHROME, "-O", folder / "x", "-i", folder / "list")


def node(base: str, folder: Path) -> None:
    code = f"""(async()=>{{for(const p of {PATHS!r}){{
      const r=await fetch({base!r}+p,{{headers:{{'user-agent':{CHROME!r}}}}});await r.arrayBuffer()}}}})()"""
    run("node", "-e", code)


def node_module(code: str):
    def start(base: str, folder: Path) -> None:
        script = TOOLBOX / f"capture-{os.getpid()}.mjs"
        script.write_text(f"const B={base!r},A={CHROME!r},P={PATHS!r};\n{code}")
        try:
            run("node", script)
        finally:
            script.unlink()

    return start


def aria2(base: str, folder: Path) -> None:
    (folder / "list").write_text("\n".join(base + path for path in PATHS))
    run("aria2c", "--check-certificate=false", "-q", "-U", CHROME, "-d", folder, "-i", folder / "list")


def httrack(base: str, folder: Path) -> None:
    (folder / "list").write_text("\n".join(base + path for path in PATHS))
    run("httrack", "-%L", folder / "list", "-r1", "-s0", "-q", "-%!", "-A100000000", "-F", CHROME, "-O", folder / "out")


def lftp(base: str, folder: Path) -> None:
    get = "\n".join(f"get {base}{path} -o {folder}/x{number}" for number, path in enumerate(PATHS))
    (folder / "script").write_text(f"set ssl:verify-certificate no\nset http:user-agent '{CHROME}'\n{get}\n")
    run("lftp", "-f", folder / "script")


def go(base: str, folder: Path) -> None:
    (folder / "main.go").write_text(f"""package main
import ("crypto/tls"; "io"; "net/http")
func main() {{
  c := &http.Client{{Transport: &http.Transport{{TLSClientConfig: &tls.Config{{InsecureSkipVerify: true}}}}}}
  for _, u := range []string{{{", ".join(f'"{base}{path}"' for path in PATHS)}}} {{
    r, _ := http.NewRequest("GET", u, nil)
    r.Header.Set("User-Agent", "{CHROME}")
    if a, e := c.Do(r); e == nil {{ io.Copy(io.Discard, a.Body); a.Body.Close() }}
  }}
}}
""")
    run("go", "run", folder / "main.go")


def java(base: str, folder: Path) -> None:
    (folder / "Main.java").write_text(f"""
import java.net.*; import java.net.http.*; import javax.net.ssl.*; import java.security.cert.X509Certificate;
public class Main {{ public static void main(String[] x) throws Exception {{
  var all = new X509ExtendedTrustManager() {{
    public void checkClientTrusted(X509Certificate[] c, String a, Socket s) {{}}
    public void checkServerTrusted(X509Certificate[] c, String a, Socket s) {{}}
    public void checkClientTrusted(X509Certificate[] c, String a, SSLEngine e) {{}}
    public void checkServerTrusted(X509Certificate[] c, String a, SSLEngine e) {{}}
    public void checkClientTrusted(X509Certificate[] c, String a) {{}}
    public void checkServerTrusted(X509Certificate[] c, String a) {{}}
    public X509Certificate[] getAcceptedIssuers() {{ return new X509Certificate[0]; }} }};
  var t = SSLContext.getInstance("TLS"); t.init(null, new TrustManager[]{{all}}, null);
  var c = HttpClient.newBuilder().sslContext(t).build();
  for (var u : new String[]{{{", ".join(f'"{base}{path}"' for path in PATHS)}}})
    c.send(HttpRequest.newBuilder(URI.create(u)).header("User-Agent", "{CHROME}").build(),
           HttpResponse.BodyHandlers.ofByteArray());
}} }}
""")
    run("java", "-Djdk.internal.httpclient.disableHostnameVerification=true", folder / "Main.java")


NODE = {
    "axios": "import axios from 'axios';\n"
    "for(const p of P) await axios.get(B+p,{headers:{'User-Agent':A},responseType:'arraybuffer'})",
    "got": "import got from 'got';\n"
    "for(const p of P) await got(B+p,{headers:{'user-agent':A},https:{rejectUnauthorized:false}}).buffer()",
    "undici-request": "import {request} from 'undici';\n"
    "for(const p of P){const r=await request(B+p,{headers:{'user-agent':A}});await r.body.arrayBuffer()}",
}
PYTHON = {
    "niquests": "import niquests\ns=niquests.Session()\n"
    "for u in U: s.get(u,headers={'User-Agent':A},verify=False).content",
    "primp": "import primp\ns=primp.Client(impersonate='chrome_146',verify=False)\nfor u in U: s.get(u).content",
    "tls-client": "import tls_client\ns=tls_client.Session(client_identifier='chrome_120')\n"
    "for u in U: s.get(u,headers={'User-Agent':A},insecure_skip_verify=True).content",
    "rnet": "import rnet\ns=rnet.BlockingClient(impersonate=rnet.Impersonate.Firefox136,verify=False)\n"
    "for u in U: s.get(u).bytes()",
    "pycurl": "import pycurl\nc=pycurl.Curl()\nc.setopt(c.SSL_VERIFYPEER,0)\nc.setopt(c.SSL_VERIFYHOST,0)\n"
    "c.setopt(c.USERAGENT,A)\nc.setopt(c.WRITEFUNCTION,lambda b:None)\n"
    "for u in U:\n c.setopt(c.URL,u)\n c.perform()",
    "requests": "import requests\ns=requests.Session()\n"
    "for u in U: s.get(u,headers={'User-Agent':A},verify=False).content",
    "requests-no-session": "import requests\nfor u in U: requests.get(u,headers={'User-Agent':A},verify=False).content",
    "urllib": "import urllib.request,ssl\nc=ssl._create_unverified_context()\n"
    "for u in U: urllib.request.urlopen(urllib.request.Request(u,headers={'User-Agent':A}),context=c).read()",
    "urllib3": "import urllib3\np=urllib3.PoolManager(cert_reqs='CERT_NONE')\n"
    "for u in U: p.request('GET',u,headers={'User-Agent':A})",
    "httpx": "import httpx\nc=httpx.Client(verify=False,headers={'User-Agent':A})\nfor u in U: c.get(u).content",
    "aiohttp": "import aiohttp,asyncio\nasync def m():\n"
    " async with aiohttp.ClientSession(headers={'User-Agent':A}) as s:\n"
    "  for u in U:\n   async with s.get(u,ssl=False) as r: await r.read()\nasyncio.run(m())",
    "curl-cffi-chrome": "from curl_cffi import requests as r\ns=r.Session(impersonate='chrome')\n"
    "for u in U: s.get(u,verify=False).content",
    "curl-cffi-safari": "from curl_cffi import requests as r\ns=r.Session(impersonate='safari')\n"
    "for u in U: s.get(u,verify=False).content",
    "curl-cffi-firefox": "from curl_cffi import requests as r\ns=r.Session(impersonate='firefox')\n"
    "for u in U: s.get(u,verify=False).content",
    "requests-rotating": "import requests\nfrom fake_useragent import UserAgent\n"
    "g=UserAgent(browsers=['Chrome','Firefox','Safari'])\n"
    "for u in U: requests.get(u,headers={'User-Agent':g.random},verify=False).content",
    "requests-copied-headers": "import requests\nh={'User-Agent':A,'Accept':'text/html,application/xhtml+xml,"
    "application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',"
    "'Accept-Language':'en-US,en;q=0.9','Accept-Encoding':'gzip, deflate, br',"
    "'Referer':'https://www.google.com/'}\nfor u in U: requests.get(u,headers=h,verify=False).content",
}  # fmt: skip


def python(code: str):
    def start(base: str, folder: Path) -> None:
        for interpreter in (sys.executable, Path(sys.prefix).parent / ".venv-tools/bin/python", TOOLBOX / "bin/python"):
            if not Path(interpreter).exists():
                continue
            name = code.split(maxsplit=2)[1].partition(",")[0].partition(".")[0]
            if subprocess.run([interpreter, "-c", f"import {name}"], capture_output=True, check=False).returncode == 0:
                run(interpreter, "-W", "ignore", "-c", f"A={CHROME!r}\nU={[base + path for path in PATHS]!r}\n{code}")
                return
        print("not installed:", name)

    return start


def gallery_dl(base: str, folder: Path) -> None:
    (folder / "list").write_text("\n".join(base + path for path in PATHS))
    run(Path(sys.prefix) / "bin/gallery-dl", "--no-check-certificate", "-q", "-d", folder, "-i", folder / "list")


def scrapy(base: str, folder: Path) -> None:
    spider = folder / "spider.py"
    spider.write_text(f"""
import scrapy
class S(scrapy.Spider):
    name = "s"
    start_urls = [{base!r} + "/"]
    custom_settings = dict(
        USER_AGENT={CHROME!r}, ROBOTSTXT_OBEY=False, TELNETCONSOLE_ENABLED=False, CONCURRENT_REQUESTS=4
    )
    def parse(self, response):
        for link in response.css("a.album::attr(href)").getall() + response.css("a.original::attr(href)").getall():
            yield response.follow(link, callback=self.parse if link.endswith("html") else self.picture)
    def picture(self, response):
        pass
""")
    run(Path(sys.prefix) / "bin/scrapy", "runspider", "--nolog", spider)


def img2dataset(base: str, folder: Path) -> None:
    (folder / "list.txt").write_text("\n".join(base + path for path in PATHS))
    run(Path(sys.prefix).parent / ".venv-tools/bin/img2dataset", "--url_list", folder / "list.txt", "--output_folder",
        folder / "out", "--processes_count", "1", "--thread_count", "4", "--enable_wandb", "False")  # fmt: skip


def playwright_originals(base: str, folder: Path) -> None:
    from capture_people import browser

    with browser(base) as context:
        tab = context.new_page()
        for path in PATHS:
            tab.goto(base + path)


def playwright_request(base: str, folder: Path) -> None:
    from capture_people import browser

    with browser(base) as context:
        for path in PATHS:
            context.request.get(base + path)


TOOLS = {
    "curl": (curl, "curl -A (Chrome), one process a picture"),
    "curl-firefox": (curl_one_connection, "curl -A (Firefox) --compressed, one connection"),
    "curl-copied": (curl_copied, "curl with lines copied out of a browser, no Sec-Fetch"),
    "curl-copied-own": (curl_copied_own, "the same, with a page of the site in Referer"),
    "wget": (wget, "wget -U (Chrome)"),
    "node-fetch": (node, "node's fetch with Chrome's user agent"),
    "gallery-dl": (gallery_dl, "gallery-dl, as installed"),
    "scrapy": (scrapy, "Scrapy with Chrome's user agent, following links"),
    "img2dataset": (img2dataset, "img2dataset, as installed"),
    "playwright-originals": (playwright_originals, "Chromium driven from one original to the next"),
    "playwright-request": (playwright_request, "Playwright's request interface with a browser's user agent"),
    "aria2": (aria2, "aria2c -U (Chrome)"),
    "httrack": (httrack, "httrack -F (Chrome), a list of originals, no robots.txt"),
    "lftp": (lftp, "lftp with Chrome's user agent"),
    "go": (go, "Go's net/http with Chrome's user agent"),
    "java": (java, "Java's HttpClient with Chrome's user agent"),
    **{name: (node_module(code), f"node: {name}, browser's user agent") for name, code in NODE.items()},
    **{name: (python(code), f"Python: {name}, browser's user agent") for name, code in PYTHON.items()},
}
PLAIN = {"img2dataset"}
"""Tools that check certificates and can not be told otherwise: captured without TLS."""
HELD_OUT = {
    "curl-cffi-safari", "urllib3", "aria2", "httrack", "lftp", "go", "java", "axios", "got", "undici-request",
    "niquests", "primp", "tls-client", "rnet", "pycurl",
}  # fmt: skip
"""Captured after the weights were made; nothing was changed for them."""


def main() -> None:
    folder, *names = sys.argv[1:]
    with tempfile.TemporaryDirectory() as work:
        gallery = Gallery()
        with running(gallery, Path(work)) as (plain, tls, _):
            for name in names or TOOLS:
                tool, about = TOOLS[name]
                base = f"http://127.0.0.1:{plain}" if name in PLAIN else f"https://127.0.0.1:{tls}"
                gallery.seen.clear()
                tool(base, Path(tempfile.mkdtemp(dir=work)))
                print(name, len(gallery.seen), flush=True)
                if gallery.seen:
                    write(
                        gallery, Path(folder) / f"tool-{name}.json", client=name, about=about, held_out=name in HELD_OUT
                    )


if __name__ == "__main__":
    main()
