using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Atoll.Api.Dialects.ScaleBox;

internal sealed record WireUsers(IReadOnlyList<WireUser> Users, WirePagination Pagination);

internal sealed record WireUserId(string UserId);

internal sealed record WireAccountDetail(string AccountId, string Name, string OwnerUserId, string Status, string PlanId, DateTime CreatedAt);

internal sealed record WirePlan(string PlanId, string Name, string Description, int Price);

internal sealed record WirePlans(IReadOnlyList<WirePlan> Plans);

internal sealed record WireTimeRemaining(int TimeRemainingMinutes);

internal sealed record WireUpdateMe
{
    public string? DisplayName { get; init; }
    public string? Description { get; init; }
    public string? AvatarUrl { get; init; }
}

internal record WireUpdateUser
{
    [MaxLength(64)]
    [Description("Without spaces; unique.")]
    public string? Username { get; init; }

    public string? Email { get; init; }
    public string? DisplayName { get; init; }
    public string? Description { get; init; }
    public string? AvatarUrl { get; init; }

    [Description("viewer, member, admin or root; member when absent. Only root gives admin and root.")]
    public string? Role { get; init; }

    [Description("active or disabled: then its keys do not authenticate.")]
    public string? Status { get; init; }
}

internal sealed record WireCreateUser : WireUpdateUser
{
    [MinLength(8)]
    public string? Password { get; init; }
}

internal sealed record WireResetPassword([property: MinLength(8)] string NewPassword);

internal sealed record WireChangePassword
{
    [Description("Your present password, if you have one.")]
    public string? CurrentPassword { get; init; }

    [MinLength(8)]
    public required string NewPassword { get; init; }
}

/// <summary>Users as they are managed.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WireEnvelope<WireUsers>))]
[JsonSerializable(typeof(WireEnvelope<WireUserId>))]
[JsonSerializable(typeof(WireEnvelope<WireAccountDetail>))]
[JsonSerializable(typeof(WireEnvelope<WirePlans>))]
[JsonSerializable(typeof(WireUpdateMe))]
[JsonSerializable(typeof(WireUpdateUser))]
[JsonSerializable(typeof(WireCreateUser))]
[JsonSerializable(typeof(WireResetPassword))]
[JsonSerializable(typeof(WireChangePassword))]
internal sealed partial class AccountJson : JsonSerializerContext;
