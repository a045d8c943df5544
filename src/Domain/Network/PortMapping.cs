namespace Atoll.Domain.Network;

/// <summary>A port of a sandbox that its user has named.</summary>
/// <param name="Port">The number under which it is reached, 1 to 65535, unique in the sandbox.</param>
/// <param name="ServicePort">The number on which the program in the sandbox listens.</param>
/// <param name="Protocol">What is spoken on it.</param>
/// <param name="Name">Unique in the sandbox, at most 15 characters.</param>
/// <param name="IsProtected">True for ports that the template owns and nobody may remove.</param>
public sealed record PortMapping(int Port, int ServicePort, PortProtocol Protocol, string Name, bool IsProtected = false);

public enum PortProtocol
{
    Tcp,
    Udp,
    WebRtc,
}
