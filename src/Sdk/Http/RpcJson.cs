using System.Text.Json;
using System.Text.Json.Serialization;

namespace Atoll.Sdk.Http;

/// <summary>The messages of the data plane's RPCs that the library uses (contracts/scalebox.md 3.6), in protobuf's JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(RpcStart))]
[JsonSerializable(typeof(RpcUpdate))]
[JsonSerializable(typeof(RpcInput))]
[JsonSerializable(typeof(RpcSignal))]
[JsonSerializable(typeof(RpcProcessReply))]
[JsonSerializable(typeof(RpcExecute))]
[JsonSerializable(typeof(RpcExecuteReply))]
[JsonSerializable(typeof(RpcEnd))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class RpcJson : JsonSerializerContext;

internal sealed record RpcStart(RpcProcessConfig Process, RpcPty? Pty, string? Tag);

internal sealed record RpcProcessConfig(string Cmd, IReadOnlyList<string> Args, IReadOnlyDictionary<string, string>? Envs, string? Cwd);

internal sealed record RpcPty(RpcPtySize Size);

internal sealed record RpcPtySize(int Cols, int Rows);

internal sealed record RpcSelector(int Pid);

internal sealed record RpcUpdate(RpcSelector Process, RpcPty Pty);

internal sealed record RpcInput(RpcSelector Process, RpcInputData Input);

internal sealed record RpcInputData(byte[]? Stdin, byte[]? Pty);

internal sealed record RpcSignal(RpcSelector Process, string Signal);

internal sealed record RpcProcessReply(RpcProcessEvent? Event);

internal sealed record RpcProcessEvent(RpcStarted? Start, RpcData? Data, RpcEnded? End);

internal sealed record RpcStarted(int Pid);

internal sealed record RpcData(byte[]? Stdout, byte[]? Stderr, byte[]? Pty);

internal sealed record RpcEnded(int ExitCode, bool Exited, string? Status, string? Error);

internal sealed record RpcExecute(string? ContextId, string Code, string? Language, IReadOnlyDictionary<string, string>? EnvVars);

internal sealed record RpcExecuteReply(RpcText? Stdout, RpcText? Stderr, CodeResult? Result, RpcCodeError? Error);

internal sealed record RpcText(string? Content);

internal sealed record RpcCodeError(string? Name, string? Value, string? Traceback);

/// <summary>The last frame of a stream.</summary>
internal sealed record RpcEnd(RpcError? Error);

internal sealed record RpcError(string? Code, string? Message);
