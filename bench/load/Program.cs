using System.CommandLine;
using Atoll.Load;

return await LoadCommand.Create().Parse(args).InvokeAsync();
