using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>The dialect's JSON: snake_case, nulls written, numbers never as texts, texts readable: replies are never pasted into HTML.</summary>
internal static class ScaleBoxJson
{
    private static readonly JsonSerializerOptions Wire = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = JsonTypeInfoResolver.Combine([.. Nouns]),
    };

    /// <summary>What each noun sends and takes; the context of a noun stands beside its wire records.</summary>
    public static IEnumerable<IJsonTypeInfoResolver> Nouns =>
    [
        SandboxJson.Default,
        TemplateJson.Default,
        MetricJson.Default,
        EventJson.Default,
        NotificationJson.Default,
        LifecycleJson.Default,
        ProjectJson.Default,
        QuotaJson.Default,
        UsageJson.Default,
        AccountJson.Default,
        AuditJson.Default,
        WebhookJson.Default,
    ];

    public static JsonTypeInfo<T> Of<T>() => (JsonTypeInfo<T>)Wire.GetTypeInfo(typeof(T));
}

/// <summary>Sandboxes and what belongs to one of them, users and keys.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WireError))]
[JsonSerializable(typeof(WireHealth))]
[JsonSerializable(typeof(WireEnvelope<WireRegions>))]
[JsonSerializable(typeof(WireEnvelope<WireSandbox>))]
[JsonSerializable(typeof(WireEnvelope<WireSandboxes>))]
[JsonSerializable(typeof(WireEnvelope<WireSandboxStatus>))]
[JsonSerializable(typeof(WireEnvelope<WireTimeout>))]
[JsonSerializable(typeof(WireEnvelope<WirePorts>))]
[JsonSerializable(typeof(WireEnvelope<WireAddedPort>))]
[JsonSerializable(typeof(WireNewPort))]
[JsonSerializable(typeof(WireEnvelope<WireEnding>))]
[JsonSerializable(typeof(WireEnvelope<WireMetrics>))]
[JsonSerializable(typeof(WireEnvelope<WireUser>))]
[JsonSerializable(typeof(WireEnvelope<WireApiKey>))]
[JsonSerializable(typeof(WireEnvelope<WireApiKeys>))]
[JsonSerializable(typeof(WireEnvelope<WireDeletedKey>))]
[JsonSerializable(typeof(WireExecStarted))]
[JsonSerializable(typeof(WireExecActive))]
[JsonSerializable(typeof(WireExecCancelled))]
[JsonSerializable(typeof(WireExecReady))]
[JsonSerializable(typeof(WireExecStart))]
[JsonSerializable(typeof(WireExecOutput))]
[JsonSerializable(typeof(WireExecDropped))]
[JsonSerializable(typeof(WireExecKeepalive))]
[JsonSerializable(typeof(WireExecEnd))]
[JsonSerializable(typeof(WireExecError))]
[JsonSerializable(typeof(WireUploaded))]
[JsonSerializable(typeof(WireEnvelope<WireUploaded>))]
[JsonSerializable(typeof(WireEnvelope<WireFileList>))]
[JsonSerializable(typeof(WireEnvelope<WireFileStat>))]
[JsonSerializable(typeof(WireUploadProgress))]
[JsonSerializable(typeof(WireListFiles))]
[JsonSerializable(typeof(WireStatFile))]
[JsonSerializable(typeof(WireCreateSandbox))]
[JsonSerializable(typeof(WireSetTimeout))]
[JsonSerializable(typeof(WireExec))]
[JsonSerializable(typeof(WireCreateApiKey))]
[JsonSerializable(typeof(WireUpdateApiKey))]
[JsonSerializable(typeof(WireApiKeyStatus))]
internal sealed partial class SandboxJson : JsonSerializerContext;
