-- For lighttpd 1.4.69 or newer with mod_magnet, behind the guard (guarded.conf): what applications get. The
-- credential has done its work and is taken away; headers that could pose as ours are, too; what is proxied gets facts.
local request = lighty.r.req_header
local facts = lighty.r.req_env

-- lighttpd comes by before it has asked, and again when it was granted.
if facts["GATEPOST_VERDICT"] ~= "granted" then
	return 0
end

local ours = { ["__Host-gatepost"] = true, ["__Host-gatepost-pre"] = true, ["__Host-gatepost-device"] = true }

local function without_ours(cookies)
	local kept = {}
	for pair in string.gmatch(cookies, "[^;]+") do
		local name = string.match(pair, "^%s*([^=%s]+)")
		if name and not ours[name] then
			kept[#kept + 1] = string.match(pair, "^%s*(.-)%s*$")
		end
	end
	return #kept > 0 and table.concat(kept, "; ") or nil
end

-- Whatever is spelled like one of them, with underscores, too.
local function poses(name)
	local plain = string.gsub(string.lower(name), "_", "-")
	return plain == "x-session-id" or plain == "remote-user" or plain == "x-remote-user"
		or string.sub(plain, 1, 11) == "x-gatepost-"
end

local names = {}
for name in pairs(request) do
	names[#names + 1] = name
end
for _, name in ipairs(names) do
	if poses(name) then
		request[name] = nil
	end
end

local cookies = request["Cookie"]
if cookies then
	request["Cookie"] = without_ours(cookies)
end
local authorization = request["Authorization"]
if authorization and string.match(string.lower(authorization), "^bearer ") then
	request["Authorization"] = nil
end

local given = { "USER_ID", "EMAIL", "ROLES", "TENANT", "SESSION_ID", "AAL", "TICKET" }
for _, name in ipairs(given) do
	local value = facts["GATEPOST_" .. name]
	if value then
		request["X-Gatepost-" .. string.gsub(name, "_", "-")] = value
	end
end
if facts["REMOTE_USER"] then
	request["X-Gatepost-Remote-User"] = facts["REMOTE_USER"]
end
return 0
