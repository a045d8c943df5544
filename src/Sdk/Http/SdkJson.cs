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
internal sealed partial class SdkJson : JsonSerializerContext;
