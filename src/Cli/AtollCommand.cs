using System.CommandLine;
using Atoll.Cli.Events;
using Atoll.Cli.Nodes;
using Atoll.Cli.Notifications;
using Atoll.Cli.Output;
using Atoll.Cli.Processes;
using Atoll.Cli.Profiles;
using Atoll.Cli.Projects;
using Atoll.Cli.Sandboxes;
using Atoll.Cli.Server;
using Atoll.Cli.Snapshots;
using Atoll.Cli.Templates;
using Atoll.Cli.Tenancy;
using Atoll.Cli.Usage;
using Atoll.Cli.Webhooks;
using Atoll.Sdk;

namespace Atoll.Cli;

/// <summary>The command tree, and one run of it: arguments in, exit code out.</summary>
internal static class AtollCommand
{
    /// <returns>
    /// 0 for success, 1 for a failure, 2 for wrong usage, 130 when interrupted; <c>sandbox exec</c> returns its command's own code.
    /// </returns>
    public static async Task<int> RunAsync(string[] args, Terminal terminal)
    {
        string[] nouns = [];
        try
        {
            if (ServerProgram.IsFor(args))
            {
                return ServerProgram.Become(terminal, args);
            }
            ParseResult parsed = Tree(terminal).Parse(args);
            if (parsed.Errors.Count > 0)
            {
                return ErrorReport.Usage(terminal, parsed);
            }
            nouns = [.. parsed.CommandResult.Command.Arguments.Select(argument => argument.Name.Replace("-id", ""))];
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = terminal.Output,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                // Ctrl-C is the commands' own business: the default ends the process, exec gives it a meaning.
                ProcessTerminationTimeout = null,
            }).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is AtollException or CliException or OperationCanceledException)
        {
            return ErrorReport.Failure(terminal, exception, nouns);
        }
    }

    private static RootCommand Tree(Terminal terminal)
    {
        GlobalOptions options = new();
        CommandContext context = new(terminal, options);
        RootCommand root = new("Atoll: isolated Linux sandboxes on your own machine.")
        {
            SandboxCommands.Create(context),
            TemplateCommands.Create(context),
            SnapshotCommands.Create(context),
            ProjectCommands.Create(context),
            EventsCommand.Create(context),
            NotificationCommands.Create(context),
            WebhookCommands.Create(context),
            UsageCommands.Create(context),
            ApiKeyCommands.Create(context),
            UserCommands.Create(context),
            AuditCommand.Create(context),
            RegionsCommand.Create(context),
            AuthCommands.Create(context),
            ProfileCommands.Create(context),
            ConfigCommand.Create(context),
        };
        foreach (Command command in ServerProgram.Commands(terminal))
        {
            root.Add(command);
        }
        options.AddTo(root);
        context.Examples.AddTo(root);
        return root;
    }
}
