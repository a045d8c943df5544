using System.CommandLine;
using System.Globalization;
using Atoll.Cli.Output;
using Atoll.Cli.Sandboxes;
using Atoll.Sdk;

namespace Atoll.Cli.Network;

/// <summary><c>atoll sandbox port</c>: the ports that a sandbox offers by name.</summary>
internal static class PortCommands
{
    public static Command Create(CommandContext context) => new("port", "List, add and remove the ports of a sandbox")
    {
        List(context), Add(context), Remove(context),
    };

    private static Command List(CommandContext context)
    {
        Argument<string> id = SandboxCommands.Id;
        Command command = new("list", "List its ports") { id };
        command.SetAction(async (parsed, cancellation) =>
        {
            using AtollClient client = context.Connect(parsed);
            List<SandboxPort> ports = [.. await client.Ports.ListAsync(parsed.GetRequiredValue(id), cancellation).ConfigureAwait(false)];
            context.Printer(parsed).Print(ports, json => json.ListSandboxPort, output => Table.Write(
                output, ["PORT", "NAME", "PROTOCOL", "SERVICE PORT"],
                ports.Select(port => new[]
                {
                    Text(port.Port), port.Name ?? "", port.Protocol ?? "", Text(port.ServicePort ?? port.Port),
                })));
            return 0;
        });
        return command;
    }

    private static Command Add(CommandContext context)
    {
        Argument<string> id = SandboxCommands.Id;
        Option<int> port = new("--port") { Description = "The number under which it is reached, 1 to 65535", Required = true };
        Option<string?> name = new("--name") { Description = "At most 15 characters, unique in the sandbox" };
        Option<string?> protocol = new("--protocol") { Description = "TCP, UDP or WEBRTC (default: TCP)" };
        Option<int?> service = new("--service-port") { Description = "The port that the program listens on (default: the same)" };
        Command command = new("add", "Add a port") { id, port, name, protocol, service };
        command.SetAction(async (parsed, cancellation) =>
        {
            using AtollClient client = context.Connect(parsed);
            SandboxPort wanted = new()
            {
                Port = parsed.GetRequiredValue(port), Name = parsed.GetValue(name),
                Protocol = parsed.GetValue(protocol), ServicePort = parsed.GetValue(service),
            };
            await client.Ports.AddAsync(parsed.GetRequiredValue(id), wanted, cancellation).ConfigureAwait(false);
            context.Terminal.Error.WriteLine($"Added port {Text(wanted.Port)}");
            return 0;
        });
        return command;
    }

    private static Command Remove(CommandContext context)
    {
        Argument<string> id = SandboxCommands.Id;
        Argument<int> port = new("port") { Description = "Its number" };
        Command command = new("remove", "Remove a port") { id, port };
        command.SetAction(async (parsed, cancellation) =>
        {
            using AtollClient client = context.Connect(parsed);
            await client.Ports.RemoveAsync(parsed.GetRequiredValue(id), parsed.GetValue(port), cancellation).ConfigureAwait(false);
            context.Terminal.Error.WriteLine($"Removed port {Text(parsed.GetValue(port))}");
            return 0;
        });
        return command;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
