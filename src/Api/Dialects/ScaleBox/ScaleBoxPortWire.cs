using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;

namespace Atoll.Api.Dialects.ScaleBox;

internal sealed record WirePort(int Port, int ServicePort, string Protocol, string Name, bool IsProtected);

internal sealed record WirePorts(IReadOnlyList<WirePort> Ports, IReadOnlyList<WirePort> TemplatePorts, IReadOnlyList<WirePort> CustomPorts);

/// <summary>
/// The sandbox and, flat beside its fields, the port that was added: each of the field's clients reads one of the two
/// (contracts/scalebox.md 9, "POST ports data"). <c>name</c> is the port's.
/// </summary>
internal sealed record WireAddedPort : WireSandbox
{
    public WireAddedPort()
    {
    }

    [SetsRequiredMembers]
    private WireAddedPort(WireSandbox sandbox, WirePort port)
        : base(sandbox)
    {
        (Port, ServicePort, Protocol, Name, IsProtected) = port;
    }

    public required int Port { get; init; }
    public required int ServicePort { get; init; }

    [Description("TCP, UDP or WEBRTC.")]
    public required string Protocol { get; init; }

    public required bool IsProtected { get; init; }

    public static WireAddedPort Of(WireSandbox sandbox, WirePort port) => new(sandbox, port);
}
