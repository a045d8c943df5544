using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Templates;

/// <summary>
/// <c>atoll template build</c>: a template of another one, of an image in a registry, of an image in a file, or of a Dockerfile,
/// which is built on this machine by what is installed here. With the name of a recipe instead it is the server's own program.
/// </summary>
internal sealed class TemplateBuildCommand
{
    private readonly CommandContext _context;
    private readonly TemplateOptions _options = new();
    private readonly Option<string?> _origin = new("--base", "-b", "--base-template-id") { Description = "A template to make it of, by name or id" };
    private readonly Option<string?> _image = new("--external-image-url") { Description = "An image in a registry" };
    private readonly Option<string?> _file = new("--image-file") { Description = "An image as 'docker save' or 'skopeo copy ... oci-archive:' writes it" };
    private readonly Option<string?> _dockerfile = new("--dockerfile") { Description = "Build an image of it with docker, podman or buildah on this machine" };
    private readonly Option<string> _path = new("--path") { Description = "Where the Dockerfile's files are", DefaultValueFactory = _ => "." };
    private readonly Option<string> _tag = new("--tag") { Description = "The image's tag", DefaultValueFactory = _ => "latest" };
    private readonly Option<string?> _source = new("--template-source") { Description = "scalebox_family or custom" };

    private TemplateBuildCommand(CommandContext context) => _context = context;

    public static Command Create(CommandContext context)
    {
        TemplateBuildCommand build = new(context);
        build._options.Name.Required = true;
        Command command = new("build", "Make a template; 'template build RECIPE' builds one of a recipe on the server's own machine")
        {
            build._options.Name, build._origin, build._image, build._file, build._dockerfile, build._path, build._tag, build._source,
        };
        foreach (Option option in build._options.All)
        {
            command.Add(option);
        }
        command.SetAction(build.RunAsync);
        return command.WithExamples(
            context, "atoll template build --base base --name with-ports --ports '[{\"port\":8080,\"name\":\"web\"}]'",
            "atoll template build --image-file image.tar --name my-image", "atoll template build --dockerfile Dockerfile --path . --name my-image");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        (string? origin, string? image, string? file, string? dockerfile) =
            (parsed.GetValue(_origin), parsed.GetValue(_image), parsed.GetValue(_file), parsed.GetValue(_dockerfile));
        if (new[] { origin, image, file, dockerfile }.Count(given => given is not null) != 1)
        {
            throw new CliException("say what to make it of: one of --base, --external-image-url, --image-file and --dockerfile", exitCode: 2);
        }
        TemplateSpec spec = _options.Read(parsed) with { TemplateSource = parsed.GetValue(_source) };
        using AtollClient client = _context.Connect(parsed);
        Template template;
        if (origin is not null)
        {
            string id = await Names.TemplateAsync(client, origin, cancellation).ConfigureAwait(false);
            template = await client.Templates.CreateAsync(spec with { BaseTemplateId = id }, cancellation).ConfigureAwait(false);
        }
        else if (image is not null)
        {
            template = await TemplateImportCommands
                .ImportAsync(_context, client, spec with { ExternalImageUrl = image }, wait: true, cancellation).ConfigureAwait(false);
        }
        else if (file is not null)
        {
            template = await OfFileAsync(client, spec, file, cancellation).ConfigureAwait(false);
        }
        else
        {
            using LocalImage built = await LocalImage
                .BuildAsync(_context.Terminal, dockerfile!, parsed.GetRequiredValue(_path), $"atoll/{spec.Name}:{parsed.GetValue(_tag)}", cancellation)
                .ConfigureAwait(false);
            template = await OfFileAsync(client, spec, built.File, cancellation).ConfigureAwait(false);
        }
        _context.Printer(parsed).Print(template, json => json.Template, output => TemplateCommands.WriteDetails(output, template));
        return 0;
    }

    private async Task<Template> OfFileAsync(AtollClient client, TemplateSpec spec, string file, CancellationToken cancellation)
    {
        ImportJob job;
        try
        {
            await using FileStream image = new(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
            await using Progress progress = Progress.Show(_context.Terminal, "Uploading the image");
            job = await client.Templates.ImportFileAsync(
                spec, image, sent => progress.What = $"Uploading the image: {Sizes.Text(sent)} of {Sizes.Text(image.Length)}", cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot read {file}: {exception.Message}");
        }
        await TemplateImportCommands.WaitAsync(_context.Terminal, client, job, cancellation).ConfigureAwait(false);
        return await client.Templates.GetAsync(job.TemplateId!, cancellation).ConfigureAwait(false);
    }
}
