using Atoll.Domain.Sandboxes;

namespace Atoll.Api.Edge;

/// <summary>
/// A feature of connections that came in on a sandbox's own local port. Of the connection and not of the port, so that one
/// that outlives its sandbox is never taken for the sandbox that has the port next.
/// </summary>
public sealed record LocalAddress(SandboxId Id);
