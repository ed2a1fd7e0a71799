#!/bin/sh
# Does an unpacked evidence bundle hold what it says? Needs sh, awk, openssl (3.0 or later) and sha256sum.
#   sh verify.sh [FOLDER]        exit code: 0 holds, 1 does not
# Hashes are computed by sha256sum, signatures and time stamps checked by openssl; the rest is text.
set -eu
LC_ALL=C; export LC_ALL
cd "${1:-$(dirname "$0")}"
exec 3>&1; T=$(mktemp -d); export T; said=''
end() { rm -rf "$T"; [ -n "$said" ] && exit "$1"; echo "NOT VERIFIED / NICHT BESTAETIGT: not readable / nicht lesbar"; exit 1; }
trap 'end $?' EXIT
bad() { said=1; echo "NOT VERIFIED / NICHT BESTAETIGT: $1" >&3; exit 1; }
table() { awk "$LIB $1" "$2" || bad "$3"; }
LIB='
function hex(s,  i, n, out, d) {  # base64 to hex; nothing but the one right spelling
  n = length(s); out = ""
  if (n % 4 || s !~ /^[A-Za-z0-9+\/]+=?=?$/) return "?"
  for (i = 1; i <= n; i += 4) {
    d = at(s, i) * 262144 + at(s, i + 1) * 4096 + at(s, i + 2) * 64 + at(s, i + 3)
    out = out sprintf("%02x%02x%02x", int(d / 65536), int(d / 256) % 256, d % 256)
  }
  if (substr(s, n - 1) == "==") out = substr(out, 1, length(out) - 4)
  else if (substr(s, n) == "=") out = substr(out, 1, length(out) - 2)
  return base64(out) == s ? out : "?"
}
function at(s, i) { i = index(A, substr(s, i, 1)) - 1; return i < 0 || i > 63 ? 0 : i }
function base64(h,  i, out, d, left) {
  out = ""
  for (i = 1; i <= length(h); i += 6) {
    left = length(h) - i + 1
    d = byte(h, i) * 65536 + byte(h, i + 2) * 256 + byte(h, i + 4)
    out = out substr(A, int(d / 262144) + 1, 1) substr(A, int(d / 4096) % 64 + 1, 1)
    out = out (left > 2 ? substr(A, int(d / 64) % 64 + 1, 1) : "=") (left > 4 ? substr(A, d % 64 + 1, 1) : "=")
  }
  return out
}
function byte(h, i) { return i > length(h) ? 0 : (index(X, substr(h, i, 1)) - 1) * 16 + index(X, substr(h, i + 1, 1)) - 1 }
function octal(h,  i, out) { out = ""; for (i = 1; i < length(h); i += 2) out = out sprintf("\\%03o", byte(h, i)); return out }
function quoted(s) { gsub(Q, Q "\\\\" Q Q, s); return Q s Q }
BEGIN {
  A = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"; X = "0123456789abcdef"; Q = "\047"
}'
# Runs lines of printf that write one file each, and prints the SHA-256 of each file, in the order of their names.
hashes() { mkdir "$T/n"; (cd "$T/n"; . "$T/script"; ls | xargs -r sha256sum) | awk '{print $1}'; rm -r "$T/n"; }
say() { awk "$LIB"'{ n = sprintf("%08d", NR); print "printf " Q octal($1) Q " >" n }' >"$T/script"; hashes; }  # of hex
lines() { awk "$LIB"'{ n = sprintf("%08d", NR); print "printf " Q "'"$1"'%s" Q " " quoted($0) " >" n }' "$2" >"$T/script"; hashes; }

# 1 Every file is listed with its SHA-256, and no other is here.
find . ! -type f ! -type d | grep -q . && bad "a link / eine Verknuepfung"
cat manifest-sha256.txt tagmanifest-sha256.txt >"$T/listed"
sha256sum -c --quiet --strict "$T/listed" >&2 || bad "files / Dateien"
awk '{ if ((substr($0, 67, 5) == "data/") != (FILENAME == "manifest-sha256.txt")) exit 1 }' manifest-sha256.txt \
  tagmanifest-sha256.txt || bad "manifests"
find . -type f | cut -c 3- | grep -v '^META-INF/' | grep -vx tagmanifest-sha256.txt | sort >"$T/here"
cut -c 67- "$T/listed" | sort | cmp -s - "$T/here" || bad "files that no manifest lists / Dateien ohne Eintrag"
for f in manifest-sha256.txt tagmanifest-sha256.txt; do cut -c 67- $f | sort -c 2>/dev/null || bad "$f"; done
sha256sum tagmanifest-sha256.txt >>"$T/listed"
if [ -e META-INF ]; then
  { printf '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<asic:ASiCManifest xmlns:asic='
    printf '"http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">\n<asic:SigReference URI='
    printf '"META-INF/timestamp001.tst" MimeType="application/vnd.etsi.timestamp-token"/>\n'
    grep -v '  mimetype$' "$T/listed" | sort -k 2 | awk "$LIB"'{ print "<asic:DataObjectReference URI=\"" substr($0, 67) \
      "\"><ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><ds:DigestValue>" base64($1) \
      "</ds:DigestValue></asic:DataObjectReference>" }'
    echo '</asic:ASiCManifest>'; } | cmp -s - META-INF/ASiCManifest001.xml || bad "the seal / das Siegel"
  [ "$(ls META-INF)" = "$(printf 'ASiCManifest001.xml\ntimestamp001.tst')" ] || bad "META-INF"
fi

# 2 The keys of the log, and a signature under every head.
NAME=$(sed -n '1s/+.*//p' data/trust/log.vkey); export NAME; name=$NAME
table '!/^[^+]+\+[0-9a-f]+\+[^+ ][^ ]*$/ { exit 1 } { split($0, part, "+"); sub(/^[^+]*\+[^+]*\+/, ""); h = hex($0)
  if (part[1] != ENVIRON["NAME"] || length(h) != 66 || part[2] in seen) exit 1; seen[part[2]]; print part[2], h }
  END { if (!NR) exit 1 }' data/trust/log.vkey data/trust/log.vkey >"$T/keys"
while read -r id public; do
  [ "$({ printf '%s\n' "$name"; printf "$(echo "$public" | awk "$LIB"'{ print octal($0) }')"; } | sha256sum | cut -c 1-8)" = "$id" ] \
    || bad "data/trust/log.vkey"
  { echo '-----BEGIN PUBLIC KEY-----'; echo "302a300506032b6570032100${public#01}" | awk "$LIB"'{ print base64($0) }'
    echo '-----END PUBLIC KEY-----'; } | cmp -s - "data/trust/log.$id.pub.pem" || bad "data/trust/log.$id.pub.pem"
done <"$T/keys"
: >"$T/signers"
: >"$T/roots"
for f in data/checkpoints/*; do
  size=${f#data/checkpoints/}; size=${size%.checkpoint}
  awk 'NF == 0 { exit } { print }' "$f" >"$T/body"
  [ "$(sed -n '1p;2p;4p' "$T/body")" = "$(printf '%s\n%s' "$name" "$size")" ] || bad "$f"
  awk 'NF == 0 { on = 1; next } on' "$f" >"$T/tail"
  awk "$LIB"'NR == FNR { known[$1]; next } $1 != "\342\200\224" || NF != 3 { exit 1 } { h = hex($3) } h == "?" { exit 1 }
    $2 == ENVIRON["NAME"] && substr(h, 1, 8) in known { print substr(h, 1, 8), octal(substr(h, 9)); n++ } END { if (!n) exit 1 }' \
    "$T/keys" "$T/tail" >"$T/signatures" || bad "$f"
  while read -r id signature; do
    printf "$signature" >"$T/signature"
    openssl pkeyutl -verify -pubin -inkey "data/trust/log.$id.pub.pem" -rawin -in "$T/body" -sigfile "$T/signature" >/dev/null \
      2>&1 || bad "signature / Signatur: $f"
    echo "$size $id" >>"$T/signers"
  done <"$T/signatures"
  echo "$size $(sed -n 3p "$T/body" | awk "$LIB"'{ print hex($0) }')" >>"$T/roots"
done
size=$(sort -n "$T/roots" | tail -n 1 | cut -d ' ' -f 1)
root() { awk -v s="$1" '$1 == s { print $2 }' "$T/roots"; }

# 3 The range is complete: its leaf hashes, level by level, give the signed roots again.
awk '!/^[0-9]+ [0-9a-f]+$/ || length($2) != 64 || (NR > 1 && $1 != last + 1) { exit 1 } { last = $1 } END { if (!NR) exit 1 }' \
  data/range.hashes || bad "data/range.hashes"
start=$(sed -n '1s/ .*//p' data/range.hashes); end=$((start + $(wc -l <data/range.hashes)))
cut -d ' ' -f 2 data/range.hashes >"$T/row"; at=$start; level=0; left=''
while :; do
  if [ $((at & 1)) -eq 1 ]; then
    one=$(awk -v l=$level '$1 == l { print $2 }' data/range.frontier); [ ${#one} -eq 64 ] || bad "data/range.frontier"
    { echo "$one"; cat "$T/row"; } >"$T/next"; mv "$T/next" "$T/row"; left="$left $one"; at=$((at - 1))
  fi
  [ "$(wc -l <"$T/row")" -gt 1 ] || [ "$at" -gt 0 ] || break
  awk '{ if (NR % 2) one = $1; else print "01" one $1 }' "$T/row" | say >"$T/next"
  [ $(($(wc -l <"$T/row") % 2)) -eq 0 ] || tail -n 1 "$T/row" >>"$T/next"
  mv "$T/next" "$T/row"; at=$((at / 2)); level=$((level + 1))
done
[ "$(root "$end")" = "$(cat "$T/row")" ] || bad "data/range.hashes"
one=''; for two in $left; do [ -z "$one" ] && one=$two || one=$(echo "01$two$one" | say); done
[ "$start" -eq 0 ] || [ "$(root "$start")" = "$one" ] || bad "data/range.frontier"
[ "$(wc -w <data/range.frontier)" -eq $((2 * $(echo $left | wc -w))) ] || bad "data/range.frontier"

# 4 Records and values, in their exact bytes.
for f in records disclosures; do
  [ "$(wc -l <data/$f.jsonl)" -eq "$(wc -l <data/$f.index)" ] && [ -z "$(tail -c 1 data/$f.jsonl | tr -d '\n')" ] || bad "data/$f.index"
done
awk '!/^[0-9]+ (chosen|belongs|range)$/ || (NR > 1 && $1 <= last) { exit 1 } { last = $1 }' data/records.index || bad "data/records.index"
lines '\\000' data/records.jsonl >"$T/leaves"
paste -d ' ' data/records.index "$T/leaves" >"$T/records"
awk 'NR == FNR { hash[$1] = $2; next } $1 in hash && hash[$1] != $3 { exit 1 } $2 != "range" || !($1 in hash) { print $1, $3 }' \
  data/range.hashes "$T/records" >"$T/wanted" || bad "data/records.jsonl"

before=''
for vkey in $(cat data/trust/log.vkey); do  # each key is named by a record, and that is signed by the key before
  at=$(paste -d ' ' data/records.index data/records.jsonl | grep '"kind":"key"' | grep -F "\"vkey\":\"$vkey\"" | tail -n 1 | cut -d ' ' -f 1)
  id=${vkey#*+}; id=${id%%+*}
  [ -n "$at" ] && { [ -z "$before" ] || awk -v at="$at" -v by="$before" '$1 > at && $2 == by { n++ } END { exit !n }' "$T/signers"; } \
    || bad "data/trust/log.vkey"
  before=$id
done

# 5 All proofs at once, step by step (RFC 9162, sections 2.1.3.2 and 2.1.4.2): which side each hash stands on follows
#   from index and size alone.
sed 's| .*|.tlog-proof|' "$T/wanted" | sort >"$T/names"; ls data/proofs | sort | cmp -s - "$T/names" || bad "data/proofs"
sed 's|^|data/proofs/|' "$T/names" | xargs awk "$LIB"'
  FNR == 1 && NR == 1 { head = 1 } FNR == 1 && NR > 1 { if (!head) done(); head = 0; n = 0; body = 1; seen = ""; out = "" }
  head { note = note $0 "\n"; next }
  body && NF == 0 { body = 0; next }
  !body { seen = seen $0 "\n"; next }
  { n++; if (n == 1 && $0 != "c2sp.org/tlog-proof@v1") bad = 1 }
  n == 2 { i = FILENAME; sub(/.*\//, "", i); sub(/\..*/, "", i); if ($0 != "index " i) bad = 1 }
  n > 2 { out = out " " hex($0) }
  function done() { if (seen != note || n < 2) bad = 1; print i out }
  END { done(); if (bad) exit 1 }' "data/checkpoints/$size.checkpoint" >"$T/proofs" || bad "data/proofs"
awk -v size="$size" -v root="$(root "$size")" 'NR == FNR { leaf[$1] = $2; next }
  { i = $1; $1 = ""; print "p" i, "p", i, size - 1, leaf[i], root $0 }' "$T/wanted" "$T/proofs" >"$T/items"
awk -v size="$size" "$LIB"'NR == FNR { root[$1] = $2; next } $2 != size || NF < 3 || !($1 in root) || $1 >= size { exit 1 }
  { out = ""; for (i = 3; i <= NF; i++) out = out " " hex($i); n = $1; while (n % 2 == 0) n /= 2
    if (n == 1) start = root[$1]; else { start = substr(out, 2, 64); out = substr(out, 66) }
    print "o" $1, "o", $1 - 1, size - 1, start, root[$1] out; print "n" $1, "n", $1 - 1, size - 1, start, root[size] out }' \
  "$T/roots" data/consistency.txt >>"$T/items" || bad "data/consistency.txt"
[ "$(cut -d ' ' -f 1 data/consistency.txt | sort)" = "$(cut -d ' ' -f 1 "$T/roots" | grep -vx "$size" | sort)" ] || bad "data/consistency.txt"
awk '{ at = $3; last = $4; n = 0; if ($2 != "p") while (at % 2) { at = int(at / 2); last = int(last / 2) }
    for (i = 7; i <= NF; i++) {
      if (last == 0 || length($i) != 64) exit 1
      side = at % 2 || at == last
      if (side) while (at && at % 2 == 0) { at = int(at / 2); last = int(last / 2) }
      if ($2 != "o" || side) print ++n, $1, side, $i
      at = int(at / 2); last = int(last / 2) }
    if (last != 0) exit 1 }' "$T/items" >"$T/plan" || bad "proofs / Nachweise"
awk '{ print $1, $5 }' "$T/items" >"$T/now"
step=1; steps=$(cut -d ' ' -f 1 "$T/plan" | sort -n | tail -n 1)
while [ "$step" -le "${steps:-0}" ]; do
  awk -v step="$step" 'NR == FNR { if ($1 == step) { side[$2] = $3; one[$2] = $4 } next }
    $1 in one { print $1, "01" (side[$1] ? one[$1] $2 : $2 one[$1]) }' "$T/plan" "$T/now" >"$T/step"
  cut -d ' ' -f 2 "$T/step" | sort -u >"$T/ask"; say <"$T/ask" | paste -d ' ' "$T/ask" - >"$T/done"  # many paths meet
  awk 'FILENAME == ARGV[1] { got[$1] = $2; next } FILENAME == ARGV[2] { now[$1] = got[$2]; next }
    { print $1, ($1 in now ? now[$1] : $2) }' "$T/done" "$T/step" "$T/now" >"$T/next"
  mv "$T/next" "$T/now"; step=$((step + 1))
done
awk 'NR == FNR { want[$1] = $6; next } want[$1] != $2 { exit 1 }' "$T/items" "$T/now" || bad "proofs / Nachweise"

# 6 Disclosed values are those committed to; documents and reservations are those that records name.
lines '' data/disclosures.jsonl | paste -d ' ' data/disclosures.index - >"$T/values"
cut -d ' ' -f 2 "$T/values" | sort | uniq -d | grep -q . && bad "data/disclosures.jsonl"
awk '{ match($0, /"sd":\[[^]]*\]/); print substr($0, RSTART, RLENGTH) }' data/records.jsonl | paste -d ' ' data/records.index - |
  awk 'NR == FNR { if ($2 != "range") sd[$1] = $3; next } !index(sd[$1], "\"" $2 "\"") { exit 1 }' - "$T/values" || bad "data/disclosures.jsonl"
paste -d ' ' data/records.index data/records.jsonl | grep -v '^[0-9]* range' | awk '
  function of(key,  s) { s = $0; if (!match(s, "\"" key "\":\"[^\"]*\"")) return ""; s = substr(s, RSTART, RLENGTH); gsub(/.*:"|"$/, "", s); return s }
  of("kind") == "rsv" { s = $0; sub(/^.*"set":/, "", s); sub(/,"v":1}$/, "", s); print s >(ENVIRON["T"] "/sets"); held[of("digest")] = 1
    print of("digest") >(ENVIRON["T"] "/digests"); while (match(s, /"sha256":"[0-9a-f]+"/)) { print substr(s, RSTART + 10, 64); s = substr(s, RSTART + 9) } }
  of("kind") == "cls" { print of("rules") }
  of("kind") == "req" && of("rsv") != "" && !(of("rsv") in held) { exit 1 }' | sort -u >"$T/named" || bad "reservation / Nutzungsvorbehalt"
touch "$T/sets" "$T/digests"; lines '' "$T/sets" | cmp -s - "$T/digests" || bad "reservation / Nutzungsvorbehalt"
grep -E '  data/(reservation|rules)/[0-9a-f]{64}\.[a-z]+$' "$T/listed" | sed 's|  data/[a-z]*/| |; s|\.[a-z]*$||' >"$T/stored" || :
awk '$1 != $2 { exit 1 } { print $1 }' "$T/stored" | sort -u | cmp -s - "$T/named" || bad "data/reservation"

# 7 What others say about heads: named by a record, for the head that is here; then the tokens themselves.
cat data/trust/*.pem 2>/dev/null | grep -v 'PUBLIC KEY' >"$T/ca" || :
for f in data/anchors/*; do
  [ -e "$f" ] || continue
  digest=$(sha256sum "$f" | cut -c 1-64)
  one=$(grep '"kind":"anc"' data/records.jsonl | grep "\"sha256\":\"$digest\"" | head -n 1) || bad "$f"
  of() { printf "%s" "$one" | sed "s/.*\"$1\":\"*\([0-9a-f]*\).*/\1/"; }
  head="data/checkpoints/$(of size).checkpoint"
  [ -e "$head" ] && [ "$(sha256sum "$head" | cut -c 1-64)" = "$(of imprint)" ] || bad "$f"
  case $f in *.tsr) openssl ts -verify -in "$f" -data "$head" -CAfile "$T/ca" -attime "$(($(of time) / 1000000))" >/dev/null 2>&1 \
    && echo "  time stamp / Zeitstempel $(of size): OK" || echo "  time stamp / Zeitstempel $(of size): NOT confirmed / NICHT bestaetigt";; esac
done
said=1
echo "VERIFIED / GEPRUEFT: log / Protokoll $name, $size records / Aufzeichnungen"
echo "  $start - $((end - 1)): complete, recomputed to the signed root / lueckenlos, bis zur signierten Wurzel nachgerechnet"
echo "  $(wc -l <"$T/wanted") proven one by one / einzeln nachgewiesen, $(wc -l <"$T/values") values / Werte, $(wc -l <"$T/stored") documents / Dokumente"
echo "  Not proven by the log: reports and tables, which only explain / Nicht bewiesen: Berichte, Tabellen; sie erlaeutern nur"
