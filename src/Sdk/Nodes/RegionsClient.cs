using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>Tells where sandboxes can run.</summary>
public sealed class RegionsClient
{
    private readonly Transport _transport;

    internal RegionsClient(Transport transport) => _transport = transport;

    /// <summary>The regions that have room now. Needs no key.</summary>
    public async Task<IReadOnlyList<Region>> ListAsync(CancellationToken cancellation = default) =>
        (await _transport.SendAsync(ApiRequest.Get("v1/scalebox-regions"), SdkJson.Default.RegionList, cancellation).ConfigureAwait(false))
        .ScaleboxRegions;
}

/// <summary>A place where sandboxes run.</summary>
/// <param name="Id">What <see cref="Locality.Region"/> takes.</param>
/// <param name="Name">For people.</param>
public sealed record Region(string Id, string Name);

internal sealed record RegionList
{
    public required List<Region> ScaleboxRegions { get; init; }
}
