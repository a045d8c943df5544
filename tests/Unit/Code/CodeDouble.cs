using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Atoll.Domain;
using Atoll.Domain.Code;
using Atoll.Domain.Sandboxes;

namespace Atoll.Unit.Code;

/// <summary>Stands where code would run: answers each code with the events that a test set for it.</summary>
internal sealed class CodeDouble : ICodeInterpreter
{
    /// <summary>Code that runs until nobody wants it any more.</summary>
    public const string Endless = "endless";

    private readonly ConcurrentDictionary<string, CodeContext> _contexts = new();

    public ConcurrentDictionary<string, CodeEvent[]> Answers { get; } = new();

    public CodeRequest? Asked { get; private set; }

    /// <summary>Done when endless code was interrupted.</summary>
    public TaskCompletionSource Interrupted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static CodeEvent.End End(int count, int exitCode = 0) => new(exitCode, count, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddSeconds(2));

    public Task<CodeContext> CreateAsync(SandboxId sandbox, string language, string workingDirectory, CancellationToken cancellation)
    {
        string spelling = CodeLanguage.Find(language) is var found && language is "" ? found.Name : language;
        var context = new CodeContext($"context-{_contexts.Count}", spelling, workingDirectory, DateTimeOffset.UnixEpoch);
        _contexts[context.Id] = context;
        return Task.FromResult(context);
    }

    public Task<IReadOnlyList<CodeContext>> ListAsync(SandboxId sandbox, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<CodeContext>>([.. _contexts.Values]);

    public Task DestroyAsync(SandboxId sandbox, string context, CancellationToken cancellation) =>
        _contexts.TryRemove(context, out _) ? Task.CompletedTask : throw Fault.NotFound("context", context).AsException();

    public Task RestartAsync(SandboxId sandbox, string context, CancellationToken cancellation) =>
        _contexts.ContainsKey(context) ? Task.CompletedTask : throw Fault.NotFound("context", context).AsException();

    public async IAsyncEnumerable<CodeEvent> ExecuteAsync(SandboxId sandbox, CodeRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Asked = request;
        if (request.Context is { } id && !_contexts.ContainsKey(id))
        {
            throw Fault.NotFound("context", id).AsException();
        }

        foreach (CodeEvent happened in Answers.GetValueOrDefault(request.Code) ?? [End(1)])
        {
            yield return happened;
        }

        if (request.Code == Endless)
        {
            try
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }
            finally
            {
                Interrupted.SetResult();
            }
        }
    }
}
