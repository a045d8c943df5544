using Atoll.Domain.Sandboxes;

namespace Atoll.Api.Edge.RawTcp;

/// <summary>The program that a raw TCP connection is for.</summary>
/// <param name="ServicePort">The port on which it listens in the sandbox.</param>
public sealed record RawTcpTarget(SandboxId Id, int ServicePort);
