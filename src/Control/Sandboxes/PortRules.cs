using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Sandboxes;

namespace Atoll.Control.Sandboxes;

/// <summary>Which ports a user may give a sandbox (contracts/scalebox.md 1.2), at its creation and later.</summary>
internal static class PortRules
{
    private const int MaxPortNameLength = 15;

    // ProtocolLimits.DefaultPort; control does not see the protocol.
    private const int AgentPort = 1023;

    /// <summary>What is wrong with a port by itself; null when nothing is.</summary>
    public static Fault? Problem(PortMapping port)
    {
        if (port.Port is < 1 or > 65535 || port.ServicePort is < 1 or > 65535)
        {
            return Fault.Invalid(port.Port is < 1 or > 65535 ? "port" : "service_port", "port and service_port must be 1 to 65535");
        }

        if (port.Port is AgentPort || port.ServicePort is AgentPort)
        {
            return Fault.Invalid(port.Port is AgentPort ? "port" : "service_port", $"port {AgentPort} is reserved for the sandbox's agent: choose another");
        }

        return string.IsNullOrEmpty(port.Name) || port.Name.Length > MaxPortNameLength || port.Name.Any(char.IsControl)
            ? Fault.Invalid("name", $"each name must be 1 to {MaxPortNameLength} printable characters")
            : null;
    }

    /// <summary>What a sandbox's present ports have against one more; null when nothing.</summary>
    public static Fault? Clash(IReadOnlyList<PortMapping> present, PortMapping added, int most)
    {
        if (present.FirstOrDefault(other => other.Port == added.Port) is { } same)
        {
            return new Fault(FaultCode.AlreadyExists, $"port {added.Port} is there already, as '{same.Name}': remove it first, or choose another", "port");
        }

        if (present.Any(other => other.Name == added.Name))
        {
            return new Fault(FaultCode.AlreadyExists, $"a port named '{added.Name}' is there already: choose another name", "name");
        }

        return present.Count(port => !port.IsProtected) >= most
            ? new Fault(FaultCode.WrongState, $"the sandbox has {most} ports of its own, the most there may be: remove one first")
            : null;
    }

    /// <summary>Why a port cannot be removed; null when it can.</summary>
    public static Fault? RemovalRefusal(Sandbox sandbox, int port) => sandbox.Ports.FirstOrDefault(each => each.Port == port) switch
    {
        null => Fault.NotFound("port", $"{port}"),
        { IsProtected: true } => new Fault(FaultCode.Forbidden, $"port {port} belongs to the template and cannot be removed", "port"),
        _ => null,
    };
}
