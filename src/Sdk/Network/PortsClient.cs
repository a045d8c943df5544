using System.Globalization;
using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>Lists, adds and removes the ports that a sandbox offers by name.</summary>
public sealed class PortsClient
{
    private readonly Transport _transport;

    internal PortsClient(Transport transport) => _transport = transport;

    /// <summary>All ports of a sandbox, those of its template included.</summary>
    public async Task<IReadOnlyList<SandboxPort>> ListAsync(string sandboxId, CancellationToken cancellation = default) =>
        (await _transport.SendAsync(ApiRequest.Get(PathOf(sandboxId)), SdkJson.Default.PortsReply, cancellation).ConfigureAwait(false)).Ports ?? [];

    /// <summary>Adds a port.</summary>
    /// <exception cref="ConflictException">The port or the name is taken.</exception>
    public Task AddAsync(string sandboxId, SandboxPort port, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Post(PathOf(sandboxId), port, SdkJson.Default.SandboxPort), cancellation);

    /// <summary>Removes a port.</summary>
    /// <exception cref="NotFoundException">There is none of this number.</exception>
    public Task RemoveAsync(string sandboxId, int port, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Delete($"{PathOf(sandboxId)}/{port.ToString(CultureInfo.InvariantCulture)}"), cancellation);

    private static string PathOf(string sandboxId) => $"v1/sandboxes/{ApiRequest.Segment(sandboxId)}/ports";
}

internal sealed record PortsReply(List<SandboxPort>? Ports);
