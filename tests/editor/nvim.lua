-- Neovim as a client of `rollgate lsp`: run headless by tests/it/editor.rs, in a folder that holds plan.yaml.
-- Prints what it sees, a line each, and leaves with an error where something does not come.
local function say(text) io.stdout:write(text .. "\n") end

local function wait(what, test)
  if not vim.wait(20000, test, 20) then
    error("never: " .. what)
  end
end

local function session()
  vim.cmd("edit plan.yaml")
  local buffer = vim.api.nvim_get_current_buf()
  -- What is typed and not saved is what counts.
  local lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
  for number, line in ipairs(lines) do
    lines[number] = line:gsub("hold: 24h}  # é", "hold: 30s}  # é")
  end
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)

  local config = { name = "rollgate", cmd = { vim.env.ROLLGATE, "lsp" }, root_dir = vim.fn.getcwd() }
  -- Before 0.8 a client is started and attached by hand.
  local id
  if vim.lsp.start then
    id = vim.lsp.start(config)
  else
    id = vim.lsp.start_client(config)
    vim.lsp.buf_attach_client(buffer, id)
  end
  wait("a client", function() return id ~= nil and vim.lsp.buf_is_attached(buffer, id) end)

  wait("diagnostics", function() return #vim.diagnostic.get(buffer, { severity = { min = vim.diagnostic.severity.WARN } }) > 0 end)
  local found = vim.diagnostic.get(buffer, { severity = { min = vim.diagnostic.severity.WARN } })[1]
  say(("diagnostic %d:%d %s"):format(found.lnum + 1, found.col + 1, found.code))

  local place = { textDocument = vim.lsp.util.make_text_document_params(buffer), position = { line = found.lnum, character = found.col } }
  local function ask(method, params)
    local answers = vim.lsp.buf_request_sync(buffer, method, params, 20000)
    return answers[id].result
  end
  say("hover " .. tostring(ask("textDocument/hover", place).contents.value:match("^%*%*([%w-]+)")))

  local range = { start = place.position, ["end"] = place.position }
  local params = { textDocument = place.textDocument, range = range, context = { diagnostics = {} } }
  local actions = ask("textDocument/codeAction", params)
  say("action " .. actions[1].title)
  vim.lsp.util.apply_workspace_edit(actions[1].edit, vim.lsp.get_client_by_id(id).offset_encoding)
  say("line " .. vim.api.nvim_buf_get_lines(buffer, found.lnum, found.lnum + 1, false)[1])

  wait("an end of the diagnostics", function() return #vim.diagnostic.get(buffer, { severity = { min = vim.diagnostic.severity.WARN } }) == 0 end)
  vim.lsp.stop_client(id)
  wait("an end of the server", function() return not vim.lsp.buf_is_attached(buffer, id) end)
  say("done")
end

local fine, problem = pcall(session)
if fine then
  vim.cmd("qall!")
end
say(tostring(problem))
vim.cmd("cquit 1")
