using System.Text.Json.Serialization;

namespace Atoll.Sdk.Http;

/// <summary>The wire shapes that the library reads and writes, compiled ahead of time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(CreateSandboxRequest))]
[JsonSerializable(typeof(Sandbox))]
[JsonSerializable(typeof(SandboxPage))]
[JsonSerializable(typeof(SandboxEnding))]
[JsonSerializable(typeof(SetTimeoutRequest))]
[JsonSerializable(typeof(SandboxTimeout))]
[JsonSerializable(typeof(ExecRequest))]
[JsonSerializable(typeof(ExecStart))]
[JsonSerializable(typeof(ActiveExec))]
[JsonSerializable(typeof(ExecCancelled))]
[JsonSerializable(typeof(User))]
[JsonSerializable(typeof(ApiKey))]
[JsonSerializable(typeof(ApiKeyList))]
[JsonSerializable(typeof(CreateApiKeyRequest))]
[JsonSerializable(typeof(SetActiveRequest))]
[JsonSerializable(typeof(RegionList))]
[JsonSerializable(typeof(FileQuery))]
[JsonSerializable(typeof(FileEntryReply))]
[JsonSerializable(typeof(FileListReply))]
[JsonSerializable(typeof(SandboxPort))]
[JsonSerializable(typeof(PortsReply))]
[JsonSerializable(typeof(ResumeSandboxRequest))]
[JsonSerializable(typeof(ForkSandboxRequest))]
[JsonSerializable(typeof(ForkedSandboxes))]
[JsonSerializable(typeof(BatchOutcome))]
[JsonSerializable(typeof(BatchRequest))]
[JsonSerializable(typeof(AsyncRequest))]
[JsonSerializable(typeof(ConnectRequest))]
[JsonSerializable(typeof(SwitchProjectRequest))]
[JsonSerializable(typeof(TakeSnapshotRequest))]
[JsonSerializable(typeof(SandboxMetrics))]
[JsonSerializable(typeof(WebRtcCredential))]
[JsonSerializable(typeof(Snapshot))]
[JsonSerializable(typeof(SnapshotPage))]
internal sealed partial class SdkJson : JsonSerializerContext;
