"""The faces of `genas.api`: a command line, tools, an MCP server and a chat."""
