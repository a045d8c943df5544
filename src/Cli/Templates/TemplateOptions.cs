using System.CommandLine;
using System.Text.Json;
using Atoll.Sdk;

namespace Atoll.Cli.Templates;

/// <summary>The options of what a template can be told to be, shared by the commands that make and change one.</summary>
internal sealed class TemplateOptions
{
    public Option<string?> Name { get; } = new("--name") { Description = "4 to 32 of a-z, 0-9, _ and -" };

    private readonly Option<string?> _description = new("--description") { Description = "What it is for" };
    private readonly Option<int?> _cpu = new("--cpu") { Description = "Processors of a sandbox that does not say; 0 as in what it is made of" };
    private readonly Option<int?> _memory = new("--memory") { Description = "Memory in MB of a sandbox that does not say; 0 as in what it is made of" };
    private readonly Option<string?> _ports = new("--ports") { Description = """Its ports, as JSON: [{"port":8080,"name":"web","protocol":"TCP"}]""", HelpName = "json" };
    private readonly Option<bool> _resetPorts = new("--reset-ports") { Description = "Without the ports of what it is made of" };

    private readonly Option<string?> _command = new("--cmd", "--start-command")
    {
        Description = """Started in every new sandbox: a command line, or {"Entrypoint":[..],"Cmd":[..]}""",
    };

    private readonly Option<string?> _ready = new("--ready-cmd", "--ready-command")
    {
        Description = "Waited for in every new sandbox: a command line, or JSON of the type exec, httpGet or tcpSocket",
    };

    private readonly Option<string?> _visibility = new("--visibility") { Description = "private (default), account_shared or public" };
    private readonly Option<bool> _public = new("--public") { Description = "The same as --visibility public" };

    /// <summary>All but the name.</summary>
    public IEnumerable<Option> All => [_description, _cpu, _memory, _ports, _resetPorts, _command, _ready, _visibility, _public];

    public TemplateSpec Read(ParseResult parsed)
    {
        string? ports = parsed.GetValue(_ports);
        if (ports is not null && !IsArray(ports))
        {
            throw new CliException("""--ports wants a JSON array such as [{"port":8080,"name":"web","protocol":"TCP"}]""", exitCode: 2);
        }
        return new TemplateSpec
        {
            Name = parsed.GetResult(Name) is null ? null : parsed.GetValue(Name),
            Description = parsed.GetValue(_description),
            DefaultCpuCount = parsed.GetValue(_cpu) is > 0 and var cpu ? cpu : null,
            DefaultMemoryMb = parsed.GetValue(_memory) is > 0 and var memory ? memory : null,
            Ports = ports,
            ResetPorts = parsed.GetValue(_resetPorts) ? true : null,
            CustomCommand = parsed.GetValue(_command),
            ReadyCommand = parsed.GetValue(_ready),
            Visibility = parsed.GetValue(_visibility) ?? (parsed.GetValue(_public) ? "public" : null),
        };
    }

    private static bool IsArray(string text)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            return json.RootElement.ValueKind is JsonValueKind.Array;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
