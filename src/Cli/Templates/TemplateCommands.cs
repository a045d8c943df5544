using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Cli.Sandboxes;
using Atoll.Sdk;

namespace Atoll.Cli.Templates;

/// <summary><c>atoll template</c>: what sandboxes are made of, and how one looks.</summary>
internal static class TemplateCommands
{
    public const string Noun = "template";

    public static Command Create(CommandContext context) => new Command(Noun, "What sandboxes are made of")
    {
        List(context), Get(context), TemplateBuildCommand.Create(context), TemplateImportCommands.Import(context),
        TemplateImportCommands.CreateCustom(context), TemplateImportCommands.Jobs(context), Update(context), Delete(context), Dockerfile(context),
        Share(context), Unshare(context), TemplateDocumentCommands.Create(context),
    }.WithAlias("tpl");

    /// <summary><c>atoll sandbox create-template</c>.</summary>
    public static Command OfSandbox(CommandContext context)
    {
        Argument<string> id = SandboxCommands.Id;
        TemplateOptions options = new();
        options.Name.Required = true;
        return Verb.Show(
            context, "create-template", "Make a template of what a running sandbox has on its disk", [id, options.Name, .. options.All],
            async (client, parsed, cancellation) =>
            {
                TemplateSpec spec = options.Read(parsed);
                await using (Progress.Show(context.Terminal, "Making the template").ConfigureAwait(false))
                {
                    return await client.Templates.CreateFromSandboxAsync(parsed.GetRequiredValue(id), Of(spec), cancellation).ConfigureAwait(false);
                }
            },
            json => json.Template, WriteDetails).WithExamples(context, "atoll sandbox create-template sbx-... --name my-tools --cmd 'python3 -m http.server 8080'");
    }

    public static Argument<string> Name => new(Noun) { Description = "The template, by name or id" };

    public static Task<string> IdAsync(AtollClient client, ParseResult parsed, Argument<string> name, CancellationToken cancellation) =>
        Names.TemplateAsync(client, parsed.GetRequiredValue(name), cancellation);

    public static void WriteDetails(TextWriter output, Template template) => Table.WriteFields(
        output,
        ("Template ID", template.TemplateId),
        ("Name", template.Name),
        ("Description", template.Description),
        ("Status", template.Status),
        ("Error", template.BuildErrorMessage),
        ("Visibility", template.Visibility),
        ("Source", template.TemplateSource),
        ("Resources", template.DefaultCpuCount is null ? null : $"{template.DefaultCpuCount} CPU, {template.DefaultMemoryMb} MB memory"),
        ("Size", template.ImageSizeBytes is { } size ? Sizes.Text(size) : null),
        ("Ports", template.Ports?.ToString()),
        ("Command", template.CustomCommand),
        ("Ready when", template.ReadyCommand),
        ("Created", Table.Time(template.CreatedAt)));

    private static TemplateOfSandbox Of(TemplateSpec spec) => new()
    {
        Name = spec.Name!, Description = spec.Description, Visibility = spec.Visibility, CpuCount = spec.DefaultCpuCount, MemoryMb = spec.DefaultMemoryMb,
        Ports = spec.Ports, CustomCommand = spec.CustomCommand, ReadyCommand = spec.ReadyCommand,
    };

    private static Command List(CommandContext context)
    {
        Option<bool> isPublic = new("--public") { Description = "Only those that all may use" };
        Option<bool> isPrivate = new("--private") { Description = "Only those that nobody else may use" };
        Option<string?> search = new("--search") { Description = "Only those whose name or description holds this" };
        return Verb.List<TemplatePage, Template>(
            context, "List the installation's templates, yours and those that are shared", [isPublic, isPrivate, search],
            (client, parsed, place, cancellation) => client.Templates.ListAsync(
                new TemplateQuery
                {
                    Page = place.Page, Limit = place.Limit, Search = parsed.GetValue(search),
                    Visibility = parsed.GetValue(isPublic) ? "public" : parsed.GetValue(isPrivate) ? "private" : null,
                },
                cancellation),
            json => json.TemplatePage, "templates", ["TEMPLATE ID", "NAME", "STATUS", "VISIBILITY", "CPU", "MEMORY", "DESCRIPTION"],
            template =>
            [
                template.TemplateId, template.Name, template.Status, template.Visibility, $"{template.DefaultCpuCount}",
                $"{template.DefaultMemoryMb} MB", template.Description,
            ]);
    }

    private static Command Get(CommandContext context)
    {
        Argument<string> name = Name;
        Option<bool> versions = new("--versions") { Description = "Accepted; a template has one version here", Hidden = true };
        return Verb.Show(
            context, "get", "Show a template", [name, versions],
            async (client, parsed, cancellation) =>
                await client.Templates.GetAsync(await IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false),
            json => json.Template, WriteDetails);
    }

    private static Command Update(CommandContext context)
    {
        Argument<string> name = Name;
        TemplateOptions options = new();
        return Verb.Show(
            context, "update", "Change a template; what is left out stays", [name, options.Name, .. options.All],
            async (client, parsed, cancellation) => await client.Templates.UpdateAsync(
                await IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), options.Read(parsed), cancellation).ConfigureAwait(false),
            json => json.Template, WriteDetails);
    }

    private static Command Delete(CommandContext context)
    {
        Option<bool> force = new("--force") { Description = "Accepted; a template that sandboxes use stays all the same" };
        Command command = Several.Verb(
            context, "delete", "Delete templates", Several.Ids(Noun, "Names or ids"),
            async (client, name, cancellation) =>
            {
                await client.Templates.DeleteAsync(
                    await Names.TemplateAsync(client, name, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
                return "deleted";
            }).WithAlias("rm");
        command.Add(force);
        return command;
    }

    private static Command Dockerfile(CommandContext context)
    {
        Argument<string> name = Name;
        Option<string> output = TemplateDocumentCommands.File;
        Command command = new("dockerfile", "Show how a template came to be, as a Dockerfile") { name, output };
        command.SetAction(async (parsed, cancellation) =>
        {
            using AtollClient client = context.Connect(parsed);
            string text = await client.Templates.DockerfileAsync(
                await IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            await TemplateDocumentCommands.WriteAsync(context.Terminal, parsed.GetRequiredValue(output), text, cancellation).ConfigureAwait(false);
            return 0;
        });
        return command;
    }

    private static Command Share(CommandContext context)
    {
        Argument<string> name = Name;
        Option<string?> newName = new("--new-name") { Description = "Its new name" };
        return Verb.Show(
            context, "share", "Let all users of the account use a template", [name, newName],
            async (client, parsed, cancellation) => await client.Templates.ShareAsync(
                await IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), parsed.GetValue(newName), cancellation).ConfigureAwait(false),
            json => json.TemplateShare, WriteShare);
    }

    private static Command Unshare(CommandContext context)
    {
        Argument<string> name = Name;
        return Verb.Show(
            context, "unshare", "Keep a template to yourself again", [name],
            async (client, parsed, cancellation) => await client.Templates.UnshareAsync(
                await IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false),
            json => json.TemplateShare, WriteShare);
    }

    private static void WriteShare(TextWriter output, TemplateShare share) =>
        Table.WriteFields(output, ("Template ID", share.TemplateId), ("Visibility", share.Visibility));
}
