using System.Text.Json.Serialization;
using Atoll.Cli.Profiles;
using Atoll.Cli.Tenancy;
using Atoll.Sdk;

namespace Atoll.Cli.Output;

/// <summary>What the CLI prints as JSON and keeps in its config file.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Sandbox))]
[JsonSerializable(typeof(SandboxPage))]
[JsonSerializable(typeof(List<SandboxOutcome>))]
[JsonSerializable(typeof(List<Outcome>))]
[JsonSerializable(typeof(ForkedSandboxes))]
[JsonSerializable(typeof(SandboxMetrics))]
[JsonSerializable(typeof(WebRtcCredential))]
[JsonSerializable(typeof(Snapshot))]
[JsonSerializable(typeof(SnapshotPage))]
[JsonSerializable(typeof(List<SandboxPort>))]
[JsonSerializable(typeof(List<FileEntry>))]
[JsonSerializable(typeof(IReadOnlyList<Region>))]
[JsonSerializable(typeof(WhoAmI))]
[JsonSerializable(typeof(Config))]
[JsonSerializable(typeof(ConfigView))]
[JsonSerializable(typeof(List<ProfileView>))]
[JsonSerializable(typeof(Project))]
[JsonSerializable(typeof(ProjectPage))]
[JsonSerializable(typeof(ProjectSandboxPage))]
[JsonSerializable(typeof(EventList))]
[JsonSerializable(typeof(AtollEvent))]
[JsonSerializable(typeof(Template))]
[JsonSerializable(typeof(TemplatePage))]
[JsonSerializable(typeof(TemplateShare))]
[JsonSerializable(typeof(TemplateDocument))]
[JsonSerializable(typeof(ImportJobPage))]
[JsonSerializable(typeof(ApiKey))]
[JsonSerializable(typeof(ApiKeyPage))]
[JsonSerializable(typeof(Notification))]
[JsonSerializable(typeof(NotificationPage))]
[JsonSerializable(typeof(Webhook))]
[JsonSerializable(typeof(WebhookPage))]
[JsonSerializable(typeof(WebhookDelivery))]
[JsonSerializable(typeof(DeliveryPage))]
[JsonSerializable(typeof(UsageReport))]
[JsonSerializable(typeof(User))]
[JsonSerializable(typeof(UserPage))]
[JsonSerializable(typeof(AuditPage))]
internal sealed partial class CliJson : JsonSerializerContext;
