using System.Text.Json.Serialization;
using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>Makes, lists, disables and deletes the caller's API keys.</summary>
public sealed class ApiKeysClient
{
    private readonly Transport _transport;

    internal ApiKeysClient(Transport transport) => _transport = transport;

    /// <summary>Makes a key. <see cref="ApiKey.Secret"/> of the reply is its only copy.</summary>
    /// <exception cref="ConflictException">The name is taken, or there are too many active keys.</exception>
    public Task<ApiKey> CreateAsync(string name, string? description = null, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Post("v1/api-keys", new CreateApiKeyRequest(name, description), SdkJson.Default.CreateApiKeyRequest),
            SdkJson.Default.ApiKey, cancellation);

    /// <summary>All keys, without their secrets.</summary>
    public async Task<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancellation = default) =>
        (await _transport.SendAsync(ApiRequest.Get("v1/api-keys"), SdkJson.Default.ApiKeyPage, cancellation).ConfigureAwait(false)).ApiKeys;

    /// <summary>One page of keys, without their secrets.</summary>
    /// <param name="query">Which page.</param>
    /// <param name="search">Only those whose name holds this.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task<ApiKeyPage> PageAsync(PageQuery? query = null, string? search = null, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Get("v1/api-keys" + (query ?? new PageQuery()).Render(("search", search))), SdkJson.Default.ApiKeyPage, cancellation);

    /// <summary>One key, without its secret.</summary>
    public Task<ApiKey> GetAsync(string keyId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Get($"v1/api-keys/{ApiRequest.Segment(keyId)}"), SdkJson.Default.ApiKey, cancellation);

    /// <summary>Renames or describes a key: what is null stays.</summary>
    public Task<ApiKey> UpdateAsync(string keyId, string? name = null, string? description = null, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Put($"v1/api-keys/{ApiRequest.Segment(keyId)}", new UpdateApiKeyRequest(name, description), SdkJson.Default.UpdateApiKeyRequest),
            SdkJson.Default.ApiKey, cancellation);

    /// <summary>Disables a key, or enables it again.</summary>
    public Task SetActiveAsync(string keyId, bool active, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Post($"v1/api-keys/{ApiRequest.Segment(keyId)}/status", new SetActiveRequest(active), SdkJson.Default.SetActiveRequest)
                with { Method = HttpMethod.Put },
            cancellation);

    /// <summary>Forgets a key.</summary>
    public Task DeleteAsync(string keyId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Delete($"v1/api-keys/{ApiRequest.Segment(keyId)}"), cancellation);
}

/// <summary>An API key as its owner may see it.</summary>
public sealed record ApiKey
{
    /// <summary><c>key-</c> and an id.</summary>
    public required string KeyId { get; init; }

    /// <summary>What its owner calls it.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>The first characters of the secret, to tell keys apart.</summary>
    public string? Prefix { get; init; }

    /// <summary>The secret: only in the reply to its making, and nowhere else.</summary>
    [JsonPropertyName("api_key")]
    public string? Secret { get; init; }

    /// <summary>Whether it opens anything.</summary>
    public bool IsActive { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>When it was last used.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Its name and id, without the secret.</summary>
    public override string ToString() => $"{Name} ({KeyId})";
}

/// <summary>One page of keys.</summary>
public sealed record ApiKeyPage : Page<ApiKey>
{
    /// <summary>The keys.</summary>
    public required List<ApiKey> ApiKeys { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override List<ApiKey> Items => ApiKeys;
}

internal sealed record UpdateApiKeyRequest(string? Name, string? Description);

internal sealed record CreateApiKeyRequest(string Name, string? Description);

internal sealed record SetActiveRequest(bool IsActive);
