using Atoll.Server.Commands;

return await CommandLine.RunAsync(args, Console.Error);
