-- wrk: every visitor has an address of its own and asks for 20 pictures, or for one again whenever its turn comes;
-- at the end the numbers, as JSON.
local requests, at, asked, each = {}, 0, 0, 20

function init(arguments)
  local seed = tonumber(arguments[1])
  each = tonumber(arguments[2])
  for number = 1, 4000 do
    local n = (number * 2654435 + seed * 40503) % 16777216
    wrk.headers["X-Forwarded-For"] = string.format("84.%d.%d.%d", n % 256, math.floor(n / 256) % 256, math.floor(n / 65536))
    requests[number] = wrk.format()
  end
end

function request()
  asked = asked + 1
  if asked % each == 1 % each then at = at % #requests + 1 end
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "us": %d, "p50": %d, "p99": %d, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
