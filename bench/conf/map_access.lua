-- What a request validator with a model and a mapping template do in stagedoor.yaml, /map: reads and
-- decodes the body, holds it to the model by hand (types, required, lengths, enum, minimum), builds the same new body.
-- It checks no more than this one model and escapes what $util.escapeJavaScript does below U+0080.
local cjson = require "cjson.safe"
local type, floor, find, gsub, byte, format, concat = type, math.floor, string.find, string.gsub, string.byte, string.format, table.concat

local function refuse()
  ngx.status = 400
  ngx.header["Content-Type"] = "application/json"
  ngx.print('{"message": "Invalid request body"}')
  return ngx.exit(400)
end

local currencies = { EUR = true, USD = true, GBP = true }
local function text(v, most) return v == nil or type(v) == "string" and #v <= most end
local function number(v) return v == nil or type(v) == "number" and v >= 0 end
local function whole(v) return v == nil or type(v) == "number" and floor(v) == v end

local function line(l)
  return type(l) == "table" and type(l.sku) == "string" and type(l.quantity) == "number" and floor(l.quantity) == l.quantity and l.quantity >= 1 and number(l.price)
end

local function valid(o)
  if type(o) ~= "table" or type(o.id) ~= "string" or #o.id < 1 or not text(o.id, 64) or type(o.lines) ~= "table" then return false end
  if not (text(o.customer, 100) and text(o.email, 100) and text(o.note, 500) and number(o.total) and whole(o.priority)) then return false end
  if o.currency ~= nil and not currencies[o.currency] or o.gift ~= nil and type(o.gift) ~= "boolean" then return false end
  if #o.lines < 1 then return false end
  for i = 1, #o.lines do if not line(o.lines[i]) then return false end end
  return true
end

local names = { ['"'] = '\\"', ["'"] = "\\'", ["\\"] = "\\\\", ["/"] = "\\/", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
local odd = "[%c\"'\\/]"
local function name(c) return names[c] or format("\\u%04X", byte(c)) end
local function escape(s)
  if not find(s, odd) then return s end
  return (gsub(s, odd, name))
end

ngx.req.read_body()
local o = cjson.decode(ngx.req.get_body_data() or "")
if not o or not valid(o) then return refuse() end
local b, n = {
  '{\n  "requestId": "', ngx.var.request_id, '",\n  "order": "', o.id, '",\n  "customer": {"name": "', escape(o.customer), '", "email": "', escape(o.email),
  '"},\n  "note": "', escape(o.note), '",\n  "amount": {"value": ', o.total, ', "currency": "', o.currency, '"},\n  "express": ', o.priority > 5 and "true" or "false",
  ',\n  "items": [\n' }, 17
for i = 1, #o.lines do
  local l = o.lines[i]
  b[n + 1], b[n + 2], b[n + 3], b[n + 4], b[n + 5], b[n + 6] = '    {"sku": "', escape(l.sku), '", "count": ', l.quantity, ', "price": ', l.price
  b[n + 7] = i < #o.lines and "},\n" or "}\n"
  n = n + 7
end
b[n + 1] = "  ]\n}\n"
ngx.req.set_body_data(concat(b))
