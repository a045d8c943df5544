using Atoll.Cli;

using Terminal terminal = Terminal.OfProcess();
return await AtollCommand.RunAsync(args, terminal);
