using System.Runtime.CompilerServices;
using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>Runs code in the kernels of sandboxes whose template has them, such as <c>code-interpreter</c>.</summary>
public sealed class CodeClient
{
    private readonly Transport _transport;

    internal CodeClient(Transport transport) => _transport = transport;

    /// <summary>
    /// Runs code and tells what it says as it comes. Dropping the enumeration interrupts the code. Without a context the
    /// language's default one is used, which keeps its state.
    /// </summary>
    /// <exception cref="RpcException">Unknown language or context.</exception>
    public async IAsyncEnumerable<CodeEvent> RunAsync(
        string sandboxId, RunCodeRequest request, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        RpcChannel channel = await RpcChannel.OpenAsync(_transport, sandboxId, cancellation).ConfigureAwait(false);
        RpcExecute message = new(request.ContextId, request.Code, request.Language, request.Environment);
        await foreach (RpcExecuteReply reply in channel.StreamAsync(
            "sandboxagent.ExecutionService/Execute", message, RpcJson.Default.RpcExecute, RpcJson.Default.RpcExecuteReply, cancellation)
            .ConfigureAwait(false))
        {
            CodeEvent? happened = reply switch
            {
                { Stdout: { } output } => new CodeEvent.Output(output.Content ?? "", IsError: false),
                { Stderr: { } output } => new CodeEvent.Output(output.Content ?? "", IsError: true),
                { Result: { } result } => new CodeEvent.Result(result),
                { Error: { } error } => new CodeEvent.Failed(error.Name ?? "", error.Value ?? "", error.Traceback ?? ""),
                _ => null,
            };
            if (happened is not null)
            {
                yield return happened;
            }
        }
    }
}

/// <summary>Code to run.</summary>
public sealed record RunCodeRequest
{
    /// <summary>The code.</summary>
    public required string Code { get; init; }

    /// <summary>Such as <c>python</c>; null for the context's, or python.</summary>
    public string? Language { get; init; }

    /// <summary>A context made before; null for the language's default one.</summary>
    public string? ContextId { get; init; }

    /// <summary>Variables of the environment while this code runs.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }
}

/// <summary>What running code says.</summary>
public abstract record CodeEvent
{
    private CodeEvent()
    {
    }

    /// <summary>Printed text.</summary>
    public sealed record Output(string Text, bool IsError) : CodeEvent;

    /// <summary>A value or something displayed.</summary>
    public sealed record Result(CodeResult Value) : CodeEvent;

    /// <summary>The code failed.</summary>
    public sealed record Failed(string Name, string Value, string Traceback) : CodeEvent;
}

/// <summary>A result in each of the formats that it has; pictures and documents are base64.</summary>
public sealed record CodeResult
{
    /// <summary>Plain text.</summary>
    public string? Text { get; init; }

    /// <summary>HTML.</summary>
    public string? Html { get; init; }

    /// <summary>Markdown.</summary>
    public string? Markdown { get; init; }

    /// <summary>SVG.</summary>
    public string? Svg { get; init; }

    /// <summary>PNG in base64.</summary>
    public string? Png { get; init; }

    /// <summary>JPEG in base64.</summary>
    public string? Jpeg { get; init; }

    /// <summary>PDF in base64.</summary>
    public string? Pdf { get; init; }

    /// <summary>LaTeX.</summary>
    public string? Latex { get; init; }

    /// <summary>JSON.</summary>
    public string? Json { get; init; }

    /// <summary>JavaScript.</summary>
    public string? Javascript { get; init; }

    /// <summary>Whether it is the value of the last expression.</summary>
    public bool IsMainResult { get; init; }

    /// <summary>How many pieces of code the context has run.</summary>
    public int ExecutionCount { get; init; }
}
