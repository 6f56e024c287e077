"""How people and programs reach the verbs of `genas.api`: a command line, tools, an MCP server and a chat."""
