using System.Collections.Concurrent;
using Atoll.Domain;
using Atoll.Domain.Code;
using Atoll.Domain.Sandboxes;

namespace Atoll.Control.Code;

/// <summary>
/// The contexts of one sandbox. What they are is kept by its Jupyter server, as sessions; here is only what this server
/// uses of them. A kernel of Python is kept ready for whoever asks next, since starting one takes most of a second.
/// </summary>
/// <param name="reach">Reaches the sandbox's server, by its token where that is known.</param>
internal sealed class CodeRoom(Func<string?, CancellationToken, Task<JupyterServer>> reach, int capacity, TimeProvider time) : IDisposable
{
    private const string SessionType = "atoll";

    /// <summary>A context that is nobody's default and was not used for this long goes.</summary>
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(30);

    /// <summary>A channel that was not used for this long is closed.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _change = new(1);
    private readonly ConcurrentDictionary<string, LiveContext> _live = new(StringComparer.Ordinal);
    private JupyterServer? _server;
    private string? _token;
    private long _seen;
    private long _known;
    private Task _spare = Task.CompletedTask;

    /// <summary>
    /// Tells how the sandbox is now. Once its record has changed nothing is sent over connections from before: it may have been
    /// paused in between, or copied, which ends them, and the address that they led to may be another's.
    /// </summary>
    public void See(Sandbox sandbox) => Interlocked.Exchange(ref _seen, sandbox.UpdatedAt.UtcTicks);

    public Task<CodeContext> CreateAsync(CodeLanguage language, string spelling, string directory, CancellationToken cancellation) =>
        ChangeAsync(server => MakeAsync(server, language, NameOf(spelling, directory, isDefault: false), cancellation), cancellation);

    public async Task<IReadOnlyList<CodeContext>> ListAsync(CancellationToken cancellation) =>
        await ChangeAsync(
            async server => (await server.SessionsAsync(cancellation)).Select(ContextOf).OfType<CodeContext>().OrderBy(context => context.CreatedAt).ToArray(),
            cancellation);

    public Task DestroyAsync(string id, CancellationToken cancellation) => ChangeAsync(
        async server =>
        {
            await FindAsync(server, id, cancellation);
            await EndAsync(server, id, cancellation);
            return true;
        },
        cancellation);

    public Task RestartAsync(string id, CancellationToken cancellation) => ChangeAsync(
        async server =>
        {
            LiveContext live = await FindAsync(server, id, cancellation);
            await server.RestartAsync(live.Kernel, cancellation);
            if (_live.TryRemove(id, out LiveContext? gone))
            {
                gone.Dispose();
            }

            return true;
        },
        cancellation);

    /// <summary>The context to run code in, with the server that has it.</summary>
    public Task<(JupyterServer Server, LiveContext Context)> ChooseAsync(CodeRequest request, CancellationToken cancellation)
    {
        CodeLanguage language = CodeLanguage.Find(request.Language);
        return ChangeAsync(
            async server => (server, request.Context is { } id
                ? await FindAsync(server, id, cancellation)
                : await DefaultAsync(server, language, request, cancellation)),
            cancellation);
    }

    /// <summary>Ends what nobody used for long, and closes channels.</summary>
    public async Task SweepAsync(CancellationToken cancellation)
    {
        // Not idle for having been away with its sandbox.
        await _change.WaitAsync(cancellation);
        Renew();
        _change.Release();
        foreach (LiveContext live in _live.Values.Where(live => live.Idle > Quiet))
        {
            live.CloseIdle();
        }

        if (_server is not null && _live.Values.Any(live => live.Idle > Forgotten))
        {
            await ChangeAsync(
                async server =>
                {
                    foreach (JupyterSession session in await server.SessionsAsync(cancellation))
                    {
                        if (ContextName.Read(session.Name) is { Default: false } && _live.TryGetValue(session.Id, out LiveContext? live) && live.Idle > Forgotten)
                        {
                            await EndAsync(server, session.Id, cancellation);
                        }
                    }

                    return true;
                },
                cancellation);
        }
    }

    public void Dispose()
    {
        foreach (LiveContext live in _live.Values)
        {
            live.Dispose();
        }

        _server?.Dispose();
    }

    /// <summary>One change at a time. When the sandbox's server is another than before, its new token is asked for, once.</summary>
    private async Task<T> ChangeAsync<T>(Func<JupyterServer, Task<T>> act, CancellationToken cancellation)
    {
        await _change.WaitAsync(cancellation);
        try
        {
            string? token = Renew();
            try
            {
                return await act(_server ??= await reach(token, cancellation));
            }
            catch (Exception e) when (e is JupyterTokenException or FaultException { Fault.Code: FaultCode.NothingListens })
            {
                _server?.Dispose();
                _server = null;
                return await act(_server = await reach(null, cancellation));
            }
        }
        catch (JupyterTokenException e)
        {
            throw new FaultException(new Fault(FaultCode.AgentUnavailable, "what listens in the sandbox as its code interpreter is another program"), e);
        }
        finally
        {
            _change.Release();
        }
    }

    /// <summary>Leaves the server of before to whoever still uses it. The kernels are the same: the contexts stay.</summary>
    /// <returns>The token that it had, null when there was none.</returns>
    private string? Renew()
    {
        _token = _server?.Token ?? _token;
        if (Interlocked.Read(ref _seen) is var seen && seen != _known)
        {
            _known = seen;
            _server = null;
            foreach (LiveContext live in _live.Values)
            {
                live.Renew();
            }
        }

        return _token;
    }

    private async Task<LiveContext> DefaultAsync(JupyterServer server, CodeLanguage language, CodeRequest request, CancellationToken cancellation)
    {
        foreach (JupyterSession session in await server.SessionsAsync(cancellation))
        {
            if (ContextName.Read(session.Name) is { Default: true } name && name.Cwd == request.WorkingDirectory
                && session.Kernel is { } kernel && kernel.Name == Kernels.Of(language))
            {
                return Live(session.Id, kernel);
            }
        }

        CodeContext made = await MakeAsync(server, language, NameOf(language.Name, request.WorkingDirectory, isDefault: true), cancellation);
        return _live[made.Id];
    }

    private async Task<LiveContext> FindAsync(JupyterServer server, string id, CancellationToken cancellation)
    {
        if (_live.TryGetValue(id, out LiveContext? known))
        {
            return known;
        }

        JupyterSession? session = (await server.SessionsAsync(cancellation)).FirstOrDefault(session => session.Id == id && ContextOf(session) is not null);
        return session is { Kernel: { } kernel } ? Live(id, kernel) : throw Fault.NotFound("context", id).AsException();
    }

    private async Task<CodeContext> MakeAsync(JupyterServer server, CodeLanguage language, ContextName name, CancellationToken cancellation)
    {
        await _spare.WaitAsync(cancellation);
        IReadOnlyList<JupyterSession> sessions = await server.SessionsAsync(cancellation);
        await MakeRoomAsync(server, sessions, cancellation);
        JupyterSession? spare = sessions.FirstOrDefault(session => session.Kernel is not null && ContextName.Read(session.Name)?.Spare == language.Name);
        JupyterSession session = spare is not null
            ? await server.RenameAsync(spare.Id, new SessionNames(PathIn(name.Cwd!), name.Write()), cancellation)
            : await server.CreateAsync(new NewSession(PathIn(name.Cwd!), name.Write(), SessionType, new JupyterKernelName(Kernels.Of(language))), cancellation);
        LiveContext live = Live(session.Id, session.Kernel ?? throw Fault.NotFound("kernel", session.Id).AsException());
        if (Kernels.ChangeDirectory(language, name.Cwd!) is { } change && !await live.RunSilentlyAsync(server, change, cancellation))
        {
            await EndAsync(server, session.Id, cancellation);
            throw Fault.Invalid("cwd", "cwd must be a directory of the sandbox").AsException();
        }

        if (language == CodeLanguage.Python)
        {
            _spare = MakeSpareAsync(server);
        }

        return name.Of(session.Id)!;
    }

    private static async Task MakeSpareAsync(JupyterServer server)
    {
        try
        {
            await server.CreateAsync(
                new NewSession(PathIn("/"), new ContextName(Spare: CodeLanguage.Python.Name).Write(), SessionType, new JupyterKernelName(Kernels.Of(CodeLanguage.Python))),
                CancellationToken.None);
        }
        catch (Exception e) when (e is FaultException or JupyterTokenException or IOException or HttpRequestException or ObjectDisposedException)
        {
            // Without one the next context takes longer, and says what is wrong if it is still so.
            _ = e;
        }
    }

    private async Task MakeRoomAsync(JupyterServer server, IReadOnlyList<JupyterSession> sessions, CancellationToken cancellation)
    {
        List<JupyterSession> contexts = [.. sessions.Where(session => ContextOf(session) is not null)];
        while (contexts.Count >= capacity)
        {
            JupyterSession oldest = contexts
                .Where(session => ContextName.Read(session.Name) is { Default: false } && !(_live.TryGetValue(session.Id, out LiveContext? live) && live.IsBusy))
                .MaxBy(session => _live.TryGetValue(session.Id, out LiveContext? live) ? live.Idle : TimeSpan.MaxValue)
                ?? throw new Fault(FaultCode.QuotaExceeded, $"{capacity} contexts run code in this sandbox: wait for one, or destroy one").AsException();
            await EndAsync(server, oldest.Id, cancellation);
            contexts.Remove(oldest);
        }
    }

    private async Task EndAsync(JupyterServer server, string id, CancellationToken cancellation)
    {
        if (_live.TryRemove(id, out LiveContext? live))
        {
            live.Dispose();
        }

        await server.DeleteAsync(id, cancellation);
    }

    private LiveContext Live(string id, JupyterKernel kernel) =>
        _live.GetOrAdd(id, key => new LiveContext(key, kernel.Id, Kernels.LanguageOf(kernel.Name) ?? CodeLanguage.Python, time));

    private ContextName NameOf(string spelling, string directory, bool isDefault) =>
        new(Language: spelling, Cwd: directory, Created: time.GetUtcNow().ToUnixTimeSeconds(), Default: isDefault);

    private static CodeContext? ContextOf(JupyterSession session) => session.Kernel is null ? null : ContextName.Read(session.Name)?.Of(session.Id);

    /// <summary>Jupyter starts a kernel in the directory of its session's path, and has one session for a path.</summary>
    private static string PathIn(string directory) => $"{directory.Trim('/')}/.{Guid.NewGuid():N}".TrimStart('/');
}
