using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Templates;

/// <summary><c>atoll template import</c>, <c>create-custom</c> and <c>import-jobs</c>: templates of images in a registry.</summary>
internal static class TemplateImportCommands
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private static Option<string> Image => new("--external-image-url", "--image") { Description = "The image, such as docker.io/library/python:3.13", Required = true };
    private static Option<string?> Username => new("--external-registry-username", "--username") { Description = "Who may pull it" };
    private static Option<bool> Async => new("--async") { Description = "Return at once; see 'template import-jobs'" };

    public static Command Import(CommandContext context) => OfImage(
        context, "import", "Make a template of an image in a registry, which is copied here", isImport: true);

    public static Command CreateCustom(CommandContext context) => OfImage(
        context, "create-custom", "Name an image in a registry as a template, to be imported later", isImport: false);

    public static Command Jobs(CommandContext context)
    {
        Option<string?> job = new("--job-id") { Description = "Only this one, with all there is to know of it" };
        Option<string?> template = new("--template-id") { Description = "Only of this template, by name or id" };
        Option<string?> status = new("--status") { Description = "ongoing (default), pending, running, completed, failed or cancelled" };
        Option<bool> cancel = new("--cancel") { Description = "Cancel the one of --job-id" };
        Command command = Verb.List<ImportJobPage, ImportJob>(
            context, "List the imports that are under way", [job, template, status, cancel],
            async (client, parsed, place, cancellation) => parsed.GetValue(job) is { } id
                ? await OneAsync(client, id, parsed.GetValue(cancel), cancellation).ConfigureAwait(false)
                : await client.Templates.ImportJobsAsync(
                    new ImportJobQuery
                    {
                        Page = place.Page, Limit = place.Limit, Status = parsed.GetValue(status),
                        TemplateId = parsed.GetValue(template) is { } name ? await Names.TemplateAsync(client, name, cancellation).ConfigureAwait(false) : null,
                    },
                    cancellation).ConfigureAwait(false),
            json => json.ImportJobPage, "jobs", ["JOB ID", "TEMPLATE", "STATUS", "PROGRESS", "CREATED", "MESSAGE"],
            item => [item.JobId, item.TemplateId, item.Status, $"{item.ProgressPercentage:0} %", Table.Time(item.CreatedAt), item.ErrorMessage ?? item.LastLogMessage],
            name: "import-jobs");
        return command.WithExamples(context, "atoll template import-jobs", "atoll template import-jobs --job-id ... --cancel");
    }

    /// <summary>Shows how far an import is until it is over.</summary>
    /// <exception cref="CliException">It failed or was cancelled.</exception>
    public static async Task<ImportJob> WaitAsync(Terminal terminal, AtollClient client, ImportJob job, CancellationToken cancellation)
    {
        await using Progress progress = Progress.Show(terminal, "Importing the image");
        while (job.Status is not ("completed" or "failed" or "cancelled"))
        {
            await Task.Delay(LookEvery, terminal.Time, cancellation).ConfigureAwait(false);
            job = await client.Templates.ImportJobAsync(job.JobId, cancellation).ConfigureAwait(false);
            progress.What = $"Importing the image: {job.ProgressPercentage ?? 0:0} %";
        }
        return job.Status == "completed"
            ? job
            : throw new CliException($"the import {job.Status}: {job.ErrorMessage ?? job.LastLogMessage ?? "the server gives no reason"}");
    }

    private static async Task<ImportJobPage> OneAsync(AtollClient client, string id, bool cancel, CancellationToken cancellation)
    {
        if (cancel)
        {
            await client.Templates.CancelImportAsync(id, cancellation).ConfigureAwait(false);
        }
        return new ImportJobPage { Jobs = [await client.Templates.ImportJobAsync(id, cancellation).ConfigureAwait(false)] };
    }

    private static Command OfImage(CommandContext context, string verb, string description, bool isImport)
    {
        TemplateOptions options = new();
        options.Name.Required = true;
        Option<string> image = Image;
        Option<string?> username = Username;
        Option<bool> password = new("--password-stdin") { Description = "Read the registry's password from standard input, which keeps it out of the process list" };
        Option<bool> isAsync = Async;
        Command command = new(verb, description) { image, options.Name, username, password };
        foreach (Option option in isImport ? options.All.Append(isAsync) : options.All)
        {
            command.Add(option);
        }
        command.SetAction(async (parsed, cancellation) =>
        {
            TemplateSpec spec = options.Read(parsed) with
            {
                ExternalImageUrl = parsed.GetRequiredValue(image), ExternalRegistryUsername = parsed.GetValue(username),
                ExternalRegistryPassword = parsed.GetValue(password) ? context.Terminal.Input.ReadLine() : null,
            };
            using AtollClient client = context.Connect(parsed);
            Template template = isImport
                ? await ImportAsync(context, client, spec, wait: !parsed.GetValue(isAsync), cancellation).ConfigureAwait(false)
                : await client.Templates.CreateAsync(spec with { TemplateSource = "custom", CustomImageSource = "external" }, cancellation).ConfigureAwait(false);
            context.Printer(parsed).Print(template, json => json.Template, output => TemplateCommands.WriteDetails(output, template));
            return 0;
        });
        return command.WithExamples(context, $"atoll template {verb} --image docker.io/library/alpine:3.20 --name alpine-tools");
    }

    /// <summary>The template of an import, once the import is over if <paramref name="wait"/>.</summary>
    public static async Task<Template> ImportAsync(CommandContext context, AtollClient client, TemplateSpec spec, bool wait, CancellationToken cancellation)
    {
        ImportJob job = await client.Templates.ImportAsync(spec, cancellation).ConfigureAwait(false);
        if (wait)
        {
            await WaitAsync(context.Terminal, client, job, cancellation).ConfigureAwait(false);
        }
        string id = job.TemplateId ?? throw new ProtocolException("the server does not say which template it imports");
        return await client.Templates.GetAsync(id, cancellation).ConfigureAwait(false);
    }
}
