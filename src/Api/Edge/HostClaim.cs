using Atoll.Domain.Sandboxes;

namespace Atoll.Api.Edge;

/// <summary>What a request's Host says of its target. Both null: the server's own name or address, and nothing of a sandbox.</summary>
/// <param name="Id">The sandbox that it names.</param>
/// <param name="Port">The port that it names.</param>
internal readonly record struct HostClaim(SandboxId? Id, int? Port);
