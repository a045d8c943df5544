using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Atoll.Cli.Output;
using Atoll.Cli.Processes;
using Atoll.Sdk;

namespace Atoll.Cli.Sandboxes;

/// <summary><c>atoll sandbox create</c>.</summary>
internal sealed class CreateCommand
{
    private readonly CommandContext _context;
    private readonly Option<string?> _template = new("--template", "-t") { Description = "Name or id of a template or a snapshot (default: base)" };
    private readonly Option<string?> _name = new("--name") { Description = "At most 24 characters; made up when absent" };
    private readonly Option<string?> _description = new("--description") { Description = "What it is for" };
    private readonly Option<int?> _timeout = new("--timeout") { Description = "Seconds that it runs (default: 300)" };
    private readonly Option<int?> _cpu = new("--cpu") { Description = "Processors" };
    private readonly Option<int?> _memory = new("--memory") { Description = "Memory in MB" };
    private readonly Option<int?> _storage = new("--storage") { Description = "Disk in GB" };
    private readonly Option<bool> _async = new("--async") { Description = "Return at once; poll 'sandbox get' until it runs" };
    private readonly Option<bool?> _autoPause = new("--auto-pause") { Description = "Pause it at its timeout instead of terminating it" };
    private readonly Option<bool?> _autoResume = new("--auto-resume") { Description = "Wake it, when it is paused, by a request for one of its programs" };
    private readonly Option<TimeSpan?> _idle = Spans.Option("--idle-timeout", "Pause it after so long without use, such as 10m");
    private readonly Option<string?> _project = new("--project") { Description = "The project that it shall belong to, by name or id (default: your own)" };
    private readonly Option<bool> _noTerminal = new("--no-terminal") { Description = "Do not open a shell in it, which happens on a terminal unless it is created asynchronously" };
    private readonly Option<bool?> _internet = new("--internet") { Description = "--internet=false cuts it off from the internet" };
    private readonly Option<string?> _region = new("--locality-region") { Description = "Where it shall run: see 'atoll regions'" };
    private readonly Option<bool?> _force = new("--locality-force") { Description = "Fail rather than run in another region" };
    private readonly Option<bool?> _autoDetect = new("--locality-auto-detect") { Description = "Choose the region by your address" };

    private readonly Option<List<SandboxPort>?> _ports = new("--ports")
    {
        Description = """Ports to open, as JSON: [{"port":8080,"name":"web","protocol":"TCP"}]""",
        HelpName = "json",
        CustomParser = ParsePorts,
    };

    private readonly Option<string?> _objectStorage = new("--object-storage")
    {
        Description = "Buckets to mount, as JSON: an object or an array; '-' reads it from standard input, which keeps its keys out of the process list",
        HelpName = "json",
    };

    private readonly Option<bool?> _directMount = new("--object-storage-direct-mount") { Description = "Mount the buckets in a custom template's own container" };
    private readonly Option<string?> _s3fs = new("--s3fs-executable-path") { Description = "Where s3fs is in a custom template" };

    private readonly Option<string[]> _env = KeyValues.Option("--env", "An environment variable; may be repeated");
    private readonly Option<string[]> _metadata = KeyValues.Option("--metadata", "A label; may be repeated");

    private CreateCommand(CommandContext context) => _context = context;

    public static Command Create(CommandContext context)
    {
        CreateCommand create = new(context);
        Command command = new("create", "Create a sandbox and wait until it runs")
        {
            create._template, create._name, create._description, create._timeout, create._cpu, create._memory, create._storage,
            create._async, create._autoPause, create._autoResume, create._idle, create._project, create._noTerminal, create._internet, create._region, create._force,
            create._autoDetect, create._ports, create._objectStorage, create._directMount, create._s3fs, create._env, create._metadata,
        };
        context.Examples.Add(
            command, "atoll sandbox create --template code-interpreter --timeout 3600 --no-terminal",
            "atoll sandbox create --auto-pause --auto-resume --idle-timeout 10m --ports '[{\"port\":8080,\"name\":\"web\"}]'",
            "atoll sandbox create --template my-snapshot");
        command.SetAction(create.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Printer printer = _context.Printer(parsed);
        CreateSandboxRequest request = Request(parsed);
        using AtollClient client = _context.Connect(parsed);
        if (request.ProjectId is { } project)
        {
            request = request with { ProjectId = await Names.ProjectAsync(client, project, cancellation).ConfigureAwait(false) };
        }
        Sandbox sandbox;
        await using (Progress.Show(_context.Terminal, "Creating the sandbox").ConfigureAwait(false))
        {
            sandbox = await client.Sandboxes.CreateAsync(request, cancellation).ConfigureAwait(false);
        }
        printer.Print(sandbox, json => json.Sandbox, output => SandboxCommands.WriteDetails(output, sandbox));
        if (sandbox.Status == "failed")
        {
            throw new CliException($"sandbox {sandbox.SandboxId} failed to start: {sandbox.Reason ?? "the server gives no reason"}");
        }
        return await ShellCommand.OpenAsync(_context, client, printer, sandbox, parsed.GetValue(_noTerminal), cancellation).ConfigureAwait(false);
    }

    private CreateSandboxRequest Request(ParseResult parsed) => new()
    {
        Template = parsed.GetValue(_template),
        Name = parsed.GetValue(_name),
        Description = parsed.GetValue(_description),
        Timeout = parsed.GetValue(_timeout),
        CpuCount = parsed.GetValue(_cpu),
        MemoryMb = parsed.GetValue(_memory),
        StorageGb = parsed.GetValue(_storage),
        IsAsync = parsed.GetValue(_async) ? true : null,
        AutoPause = parsed.GetValue(_autoPause),
        AutoResume = parsed.GetValue(_autoResume),
        IdleTimeout = parsed.GetValue(_idle) is { } idle ? checked((int)idle.TotalSeconds) : null,
        ProjectId = parsed.GetValue(_project),
        AllowInternetAccess = parsed.GetValue(_internet),
        CustomPorts = parsed.GetResult(_ports) is null ? null : parsed.GetValue(_ports),
        ObjectStorage = ObjectStorage(parsed),
        ObjectStorageDirectMount = parsed.GetValue(_directMount),
        S3fsExecutablePath = parsed.GetValue(_s3fs),
        EnvVars = KeyValues.Parse(parsed.GetValue(_env)),
        Metadata = KeyValues.Parse(parsed.GetValue(_metadata)),
        Locality = Locality(parsed),
    };

    private Locality? Locality(ParseResult parsed)
    {
        Locality wish = new()
        {
            Region = parsed.GetValue(_region), Force = parsed.GetValue(_force), AutoDetect = parsed.GetValue(_autoDetect),
        };
        return wish == new Locality() ? null : wish;
    }

    private JsonElement? ObjectStorage(ParseResult parsed)
    {
        string? text = parsed.GetValue(_objectStorage);
        if (text is null)
        {
            return null;
        }
        try
        {
            using JsonDocument json = JsonDocument.Parse(text == "-" ? _context.Terminal.Input.ReadToEnd() : text);
            if (json.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            {
                return json.RootElement.Clone();
            }
        }
        catch (JsonException)
        {
            // The message would repeat a part of it, and it holds keys.
        }
        throw new CliException("--object-storage wants a JSON object, or an array of them", exitCode: 2);
    }

    private static List<SandboxPort>? ParsePorts(ArgumentResult result)
    {
        try
        {
            return JsonSerializer.Deserialize(result.Tokens[0].Value, CliJson.Default.ListSandboxPort);
        }
        catch (JsonException)
        {
            result.AddError("""--ports wants a JSON array such as [{"port":8080,"name":"web","protocol":"TCP"}]""");
            return null;
        }
    }
}
