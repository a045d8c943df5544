using System.CommandLine;
using Atoll.Peers;

return await PeersCommand.Create().Parse(args).InvokeAsync();
