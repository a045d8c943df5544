using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>What every enveloped reply looks like.</summary>
internal sealed record WireEnvelope<T>(
    bool Success,
    T Data,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Message,
    DateTime Timestamp);

/// <summary>Every error, with the union of the keys that the field's clients look at.</summary>
internal sealed record WireError(
    bool Success,
    [property: Description("What went wrong and how to mend it; the same text as message.")] string Error,
    string Message,
    [property: Description("A stable word for the kind of failure, such as invalid_argument, not_found or busy.")] string Code,
    DateTime Timestamp,
    string RequestId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The field or parameter at fault, when one is.")] string? Field,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] WireErrorDetails? Details,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] WireTimeRemaining? Data);

/// <summary>The sandbox that a failed create leaves behind.</summary>
internal sealed record WireErrorDetails(string SandboxId, string Status, string Reason);

internal sealed record WireHealth(string Status, string Version);

internal sealed record WireRegion(string Id, string Name);

internal sealed record WireRegions(IReadOnlyList<WireRegion> ScaleboxRegions);

internal sealed record WirePagination(int Page, int Limit, int Total, int TotalPages, int Offset);

internal sealed record WireOwner(string UserId, string? Username, string? DisplayName, string? Email);

internal sealed record WireAccount(string AccountId, string Name);

internal sealed record WireUser(
    string UserId,
    string AccountId,
    string Email,
    string Username,
    string DisplayName,
    string Role,
    string Status,
    bool IsRootUser,
    bool EmailVerified,
    string Description,
    DateTime? LastLogin,
    string? AvatarUrl,
    string? OauthProvider,
    string? OauthUserId,
    bool HasLocalPassword,
    WireAccount Account,
    DateTime CreatedAt);

internal sealed record WireApiKey(
    string KeyId,
    string Name,
    string Description,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The secret. Only in the reply that creates the key.")] string? ApiKey,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The same as api_key, for older clients.")] string? Key,
    [property: Description("The first characters of the secret.")] string Prefix,
    bool IsActive,
    DateTime CreatedAt,
    DateTime? LastUsedAt,
    [property: Description("From then on it does not authenticate; null for never.")] DateTime? ExpiresAt,
    int MaxActiveApiKeys,
    WireOwner Owner);

internal sealed record WireApiKeys(IReadOnlyList<WireApiKey> ApiKeys, int MaxActiveApiKeys, WirePagination Pagination);

internal sealed record WireDeletedKey(string KeyId);
