using Atoll.Domain.Sandboxes;

namespace Atoll.Domain.Code;

/// <summary>
/// Runs code in sandboxes, in contexts that keep their state from one execution to the next. Asks nobody who they are: the
/// caller of this port has checked that. Throws <see cref="FaultException"/>: <see cref="FaultCode.NotFound"/> for an
/// unknown context, <see cref="FaultCode.InvalidArgument"/> for an unknown language or a template without a code interpreter,
/// <see cref="FaultCode.Timeout"/> when the interpreter does not come up.
/// </summary>
public interface ICodeInterpreter
{
    /// <summary>Makes a context that shares nothing with others. When there are too many, the one that was idle for longest goes.</summary>
    /// <param name="language">As <see cref="CodeLanguage.Find"/> knows it; the context keeps this spelling.</param>
    /// <param name="workingDirectory">An absolute path.</param>
    Task<CodeContext> CreateAsync(SandboxId sandbox, string language, string workingDirectory, CancellationToken cancellation);

    Task<IReadOnlyList<CodeContext>> ListAsync(SandboxId sandbox, CancellationToken cancellation);

    /// <summary>Ends a context and what it runs.</summary>
    Task DestroyAsync(SandboxId sandbox, string context, CancellationToken cancellation);

    /// <summary>Ends what a context runs and empties its state.</summary>
    Task RestartAsync(SandboxId sandbox, string context, CancellationToken cancellation);

    /// <summary>
    /// Runs code and tells what becomes of it; the last event is <see cref="CodeEvent.End"/>. Executions in one context
    /// wait for each other. A reader that does not read holds the code back; dropping the enumeration interrupts it.
    /// </summary>
    IAsyncEnumerable<CodeEvent> ExecuteAsync(SandboxId sandbox, CodeRequest request, CancellationToken cancellation);
}

/// <summary>A place where code runs and its state stays.</summary>
/// <param name="Language">As its maker spelled it.</param>
public sealed record CodeContext(string Id, string Language, string WorkingDirectory, DateTimeOffset CreatedAt);

/// <summary>Code to run.</summary>
public sealed record CodeRequest
{
    public required string Code { get; init; }

    /// <summary>Where; null for the default context of <see cref="Language"/>, which is made when it is first asked for.</summary>
    public string? Context { get; init; }

    /// <summary>Null for Python. A context has its own.</summary>
    public string? Language { get; init; }

    /// <summary>Of a default context, absolute.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>Seen by the code, and gone when it ends.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}
