using System.CommandLine;
using Atoll.Cli.Code;
using Atoll.Cli.Files;
using Atoll.Cli.Network;
using Atoll.Cli.Nodes;
using Atoll.Cli.Output;
using Atoll.Cli.Processes;
using Atoll.Sdk;

namespace Atoll.Cli.Sandboxes;

/// <summary><c>atoll sandbox</c>: the verbs on sandboxes, and how a sandbox looks.</summary>
internal static class SandboxCommands
{
    /// <summary>What the argument that names a sandbox is called in every command that has one.</summary>
    public const string IdName = "sandbox-id";

    public static Command Create(CommandContext context)
    {
        Command command = new("sandbox", "Create sandboxes, run commands in them, end them")
        {
            CreateCommand.Create(context),
            ListCommand.Create(context),
            Get(context),
            ExecCommand.Create(context),
            ShellCommand.Create(context),
            RunCodeCommand.Create(context),
            ListFilesCommand.Create(context),
            UploadCommand.Create(context),
            DownloadCommand.Create(context),
            PortCommands.Create(context),
            EndCommands.Terminate(context),
            EndCommands.Delete(context),
            RegionsCommand.Create(context),
        };
        command.Aliases.Add("sbx");
        return command;
    }

    public static Argument<string> Id => new(IdName) { Description = "The sandbox, sbx-…" };

    public static void WriteDetails(TextWriter output, Sandbox sandbox) => Table.WriteFields(
        output,
        // Scripts take the id with grep "Sandbox ID:" | awk '{print $3}'.
        ("Sandbox ID", sandbox.SandboxId),
        ("Name", sandbox.Name),
        ("Status", string.IsNullOrEmpty(sandbox.Substatus) ? sandbox.Status : $"{sandbox.Status} ({sandbox.Substatus})"),
        ("Reason", sandbox.Reason),
        ("Template", sandbox.TemplateName ?? sandbox.TemplateId),
        ("Resources", $"{sandbox.CpuCount} CPU, {sandbox.MemoryMb} MB memory, {sandbox.StorageGb} GB disk"),
        ("Timeout", $"{sandbox.Timeout} s{(sandbox.TimeoutAt is null ? "" : $", until {Table.Time(sandbox.TimeoutAt)}")}"),
        ("Internet", sandbox.AllowInternetAccess ? "yes" : "no"),
        ("Region", sandbox.Region),
        ("Domain", sandbox.SandboxDomain),
        ("Metadata", sandbox.Metadata is { Count: > 0 } labels ? string.Join(", ", labels.Select(pair => $"{pair.Key}={pair.Value}")) : null),
        ("Created", Table.Time(sandbox.CreatedAt)));

    private static Command Get(CommandContext context)
    {
        Argument<string> id = Id;
        Command command = new("get", "Show a sandbox") { id };
        command.SetAction(async (parsed, cancellation) =>
        {
            using AtollClient client = context.Connect(parsed);
            Sandbox sandbox = await client.Sandboxes.GetAsync(parsed.GetRequiredValue(id), cancellation).ConfigureAwait(false);
            context.Printer(parsed).Print(sandbox, json => json.Sandbox, output => WriteDetails(output, sandbox));
            return 0;
        });
        return command;
    }
}
