using System.CommandLine;
using Atoll.Cli.Code;
using Atoll.Cli.Files;
using Atoll.Cli.Network;
using Atoll.Cli.Nodes;
using Atoll.Cli.Output;
using Atoll.Cli.Processes;
using Atoll.Cli.Projects;
using Atoll.Cli.Templates;
using Atoll.Sdk;

namespace Atoll.Cli.Sandboxes;

/// <summary><c>atoll sandbox</c>: the verbs on sandboxes, and how a sandbox looks.</summary>
internal static class SandboxCommands
{
    /// <summary>What the argument that names a sandbox is called in every command that has one: the remedy for a wrong one goes by it.</summary>
    private const string IdName = "sandbox-id";

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
            LifecycleCommands.Pause(context),
            LifecycleCommands.Resume(context),
            LifecycleCommands.Terminate(context),
            LifecycleCommands.Delete(context),
            ConnectCommand.Create(context),
            CopyCommands.Fork(context),
            CopyCommands.Snapshot(context),
            MetricsCommand.Create(context),
            TemplateCommands.OfSandbox(context),
            ProjectCommands.Switch(context),
            WebRtcCredential(context),
            RegionsCommand.Create(context),
        };
        command.Aliases.Add("sbx");
        return command;
    }

    public static Argument<string> Id => new(IdName) { Description = "The sandbox, sbx-…" };

    public static Argument<string[]> Ids => Output.Several.Ids(IdName, "The sandboxes, sbx-…");

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
        ("At its end", sandbox.AutoPause ? "it is paused" : null),
        ("When idle", sandbox.IdleTimeout is { } idle ? $"it is paused after {idle} s" : null),
        ("When paused", sandbox.AutoResume ? "a request wakes it" : null),
        ("Paused", sandbox.Status == "paused" ? Table.Time(sandbox.PausedAt) : null),
        ("Project", sandbox.ProjectId),
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

    private static Command WebRtcCredential(CommandContext context)
    {
        Argument<string> id = Id;
        Command command = new("webrtc-credential", "Show the credentials of the relay for its WebRTC ports") { id };
        command.SetAction(async (parsed, cancellation) =>
        {
            using AtollClient client = context.Connect(parsed);
            WebRtcCredential credential = await client.Sandboxes.WebRtcCredentialAsync(parsed.GetRequiredValue(id), cancellation).ConfigureAwait(false);
            context.Printer(parsed).Print(credential, json => json.WebRtcCredential, output => Table.WriteFields(
                output, ("Relay", $"{credential.TurnPublicHost}:{credential.TurnPublicPort}"),
                ("Username", credential.Username), ("Credential", credential.Credential)));
            return 0;
        });
        return command;
    }
}
