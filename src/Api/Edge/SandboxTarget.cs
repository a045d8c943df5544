using Atoll.Domain.Sandboxes;

namespace Atoll.Api.Edge;

/// <summary>
/// The sandbox that a request is for, as the edge found out; a feature of the request. Absent when the request is for
/// the control plane. Says nothing about whether the sender may: the data planes check that themselves.
/// </summary>
/// <param name="Port">The port asked for; null for the sandbox's own address, which is its data plane.</param>
/// <param name="Source">What named the sandbox.</param>
internal sealed record SandboxTarget(SandboxId Id, int? Port, TargetSource Source)
{
    private const int EnvdPort = 49983;
    private const int CodeInterpreterPort = 49999;

    /// <summary>Whether the server itself answers; every other port is a program's in the sandbox.</summary>
    public bool IsDataPlane => Port is null or EnvdPort or CodeInterpreterPort;
}

internal enum TargetSource
{
    /// <summary>The local port that belongs to the sandbox.</summary>
    LocalPort,

    /// <summary><c>{port}-{id}.{domain}</c> or <c>{id}.{domain}</c> in Host.</summary>
    HostName,

    /// <summary><c>E2b-Sandbox-Id</c> (with <c>E2b-Sandbox-Port</c>) or <c>X-Sandbox-ID</c>.</summary>
    Header,

    /// <summary>The sandbox's access token.</summary>
    AccessToken,

    /// <summary>A signed URL that only this sandbox's token can have made.</summary>
    Signature,
}
