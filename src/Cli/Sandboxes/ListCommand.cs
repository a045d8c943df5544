using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Sandboxes;

/// <summary><c>atoll sandbox list</c>.</summary>
internal static class ListCommand
{
    public static Command Create(CommandContext context)
    {
        Paging paging = new();
        Option<string?> status = new("--status") { Description = "Only those in this status: running, paused, terminated, failed, ..." };
        Option<string?> template = new("--template") { Description = "Only those of this template, by name or id" };
        Option<string?> project = new("--project") { Description = "Only those of this project, by name or id" };
        Option<string?> search = new("--search") { Description = "Only those whose name or id holds this" };
        Command command = new("list", "List your sandboxes") { status, template, project, search };
        paging.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            Printer printer = context.Printer(parsed);
            using AtollClient client = context.Connect(parsed);
            string? wanted = parsed.GetValue(template);
            SandboxQuery query = new()
            {
                Status = parsed.GetValue(status), Search = parsed.GetValue(search),
                ProjectId = parsed.GetValue(project) is { } name ? await Names.ProjectAsync(client, name, cancellation).ConfigureAwait(false) : null,
            };
            SandboxPage page = await paging.FetchAsync<SandboxPage, Sandbox>(
                parsed,
                place => client.Sandboxes.ListAsync(query with { Page = place.Page, Limit = place.Limit }, cancellation),
                // The server has no filter by template.
                wanted is null ? null : sandbox => sandbox.TemplateName == wanted || sandbox.TemplateId == wanted).ConfigureAwait(false);
            printer.Print(page, json => json.SandboxPage, output =>
            {
                WriteTable(output, page.Sandboxes);
                Paging.WriteRest(output, page.Pagination, "sandboxes");
            });
            return 0;
        });
        return command;
    }

    public static void WriteTable(TextWriter output, IEnumerable<Sandbox> sandboxes) => Table.Write(
        output, ["SANDBOX ID", "NAME", "STATUS", "TEMPLATE", "CPU", "MEMORY", "CREATED"],
        sandboxes.Select(sandbox => new[]
        {
            sandbox.SandboxId, sandbox.Name, sandbox.Status, sandbox.TemplateName ?? sandbox.TemplateId ?? "",
            $"{sandbox.CpuCount}", $"{sandbox.MemoryMb} MB", Table.Time(sandbox.CreatedAt),
        }));
}
