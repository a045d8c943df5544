using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Cli.Sandboxes;
using Atoll.Sdk;

namespace Atoll.Cli.Projects;

/// <summary><c>atoll project</c>: groups of sandboxes, and what moves sandboxes between them.</summary>
internal static class ProjectCommands
{
    private const string Noun = "project";

    public static Command Create(CommandContext context) => new(Noun, "Groups of sandboxes")
    {
        List(context), Get(context), Make(context), Update(context), Delete(context), Sandboxes(context),
        Move(context, "add", "Put running sandboxes into a project", (client, project, id, cancellation) => client.Projects.AddAsync(project, id, cancellation)),
        Move(context, "evict", "Put running sandboxes of a project into the default one", (client, project, id, cancellation) => client.Projects.EvictAsync(project, id, cancellation)),
    };

    /// <summary><c>atoll sandbox switch-project</c>.</summary>
    public static Command Switch(CommandContext context)
    {
        Argument<string> sandbox = SandboxCommands.Id;
        Argument<string> project = Name;
        return Verb.Do(context, "switch-project", "Put a sandbox into another project", [sandbox, project], async (client, parsed, cancellation) =>
        {
            string id = parsed.GetRequiredValue(sandbox), name = parsed.GetRequiredValue(project);
            await client.Sandboxes.SwitchProjectAsync(
                id, await Names.ProjectAsync(client, name, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            return $"{id} is in project {name}";
        }).WithExamples(context, "atoll sandbox switch-project sbx-... research");
    }

    private static Argument<string> Name => new(Noun) { Description = "The project, by name or id" };

    private static Command List(CommandContext context)
    {
        Option<string?> search = new("--search") { Description = "Only those whose name holds this" };
        return Verb.List<ProjectPage, Project>(
            context, "List your projects", [search],
            (client, parsed, place, cancellation) => client.Projects.ListAsync(place, parsed.GetValue(search), cancellation),
            json => json.ProjectPage, "projects", ["PROJECT ID", "NAME", "DEFAULT", "SANDBOXES", "CREATED"],
            project => [project.ProjectId, project.Name, project.IsDefault ? "*" : "", $"{project.SandboxCount}", Table.Time(project.CreatedAt)]);
    }

    private static Command Get(CommandContext context)
    {
        Argument<string> name = Name;
        return Verb.Show(
            context, "get", "Show a project", [name],
            async (client, parsed, cancellation) =>
                await client.Projects.GetAsync(await IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false),
            json => json.Project, WriteDetails);
    }

    private static Command Make(CommandContext context)
    {
        Argument<string> name = new("name") { Description = "2 to 100 characters, unique among yours" };
        Option<string?> description = Description;
        return Verb.Show(
            context, "create", "Make a project", [name, description],
            (client, parsed, cancellation) => client.Projects.CreateAsync(parsed.GetRequiredValue(name), parsed.GetValue(description), cancellation),
            json => json.Project, WriteDetails);
    }

    private static Command Update(CommandContext context)
    {
        Argument<string> name = Name;
        Option<string?> newName = new("--name") { Description = "Its new name" };
        Option<string?> description = Description;
        return Verb.Show(
            context, "update", "Rename or describe a project", [name, newName, description],
            async (client, parsed, cancellation) => await client.Projects.UpdateAsync(
                await IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), parsed.GetValue(newName), parsed.GetValue(description), cancellation)
                .ConfigureAwait(false),
            json => json.Project, WriteDetails);
    }

    private static Command Delete(CommandContext context) => Several.Verb(
        context, "delete", "Delete projects that have no sandboxes", Several.Ids(Noun, "Names or ids"),
        async (client, name, cancellation) =>
        {
            await client.Projects.DeleteAsync(await Names.ProjectAsync(client, name, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            return "deleted";
        }).WithAlias("rm");

    private static Command Sandboxes(CommandContext context)
    {
        Argument<string> name = Name;
        return Verb.List<ProjectSandboxPage, ProjectSandbox>(
            context, "List a project's sandboxes", [name],
            async (client, parsed, place, cancellation) => await client.Projects.SandboxesAsync(
                await IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), place, cancellation).ConfigureAwait(false),
            json => json.ProjectSandboxPage, "sandboxes", ["SANDBOX ID", "NAME", "STATUS", "TEMPLATE", "CREATED"],
            sandbox => [sandbox.Id, sandbox.Name, sandbox.Status, sandbox.TemplateName, Table.Time(sandbox.CreatedAt)], name: "sandboxes");
    }

    private static Command Move(
        CommandContext context, string verb, string description, Func<AtollClient, string, string, CancellationToken, Task<ProjectMove>> move)
    {
        Argument<string> project = Name;
        Argument<string[]> ids = SandboxCommands.Ids;
        Command command = new(verb, description) { project, ids };
        command.SetAction(async (parsed, cancellation) =>
        {
            Printer printer = context.Printer(parsed);
            using AtollClient client = context.Connect(parsed);
            string into = await IdAsync(client, parsed, project, cancellation).ConfigureAwait(false);
            List<Outcome> outcomes = await Several.DoAsync(parsed.GetRequiredValue(ids), "sandbox", async id =>
                (await move(client, into, id, cancellation).ConfigureAwait(false)).Action ?? "moved").ConfigureAwait(false);
            printer.Print(outcomes, json => json.ListOutcome, output => Several.Write(output, outcomes));
            return Several.Complain(context.Terminal, outcomes);
        });
        return command;
    }

    private static Option<string?> Description => new("--description") { Description = "What it is for" };

    private static Task<string> IdAsync(AtollClient client, ParseResult parsed, Argument<string> name, CancellationToken cancellation) =>
        Names.ProjectAsync(client, parsed.GetRequiredValue(name), cancellation);

    private static void WriteDetails(TextWriter output, Project project) => Table.WriteFields(
        output, ("Project ID", project.ProjectId), ("Name", project.Name), ("Description", project.Description),
        ("Default", project.IsDefault ? "yes" : null), ("Sandboxes", $"{project.SandboxCount}"), ("Created", Table.Time(project.CreatedAt)));
}
