using System.Runtime.CompilerServices;
using Atoll.Domain;
using Atoll.Domain.Code;

namespace Atoll.Control.Code;

/// <summary>
/// A context whose kernel this server has used: its turns, and its channel while it is in use.
/// </summary>
internal sealed class LiveContext(string id, string kernel, CodeLanguage language, TimeProvider time) : IDisposable
{
    /// <summary>Executions that may wait for their turn.</summary>
    private const int MaxWaiting = 32;

    private static readonly TimeSpan InterruptLimit = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _turn = new(1);
    private KernelChannel? _channel;

    // What takes back the environment of an execution, also of one that was interrupted.
    private string? _leaveEnvironment;
    private int _present;
    private long _used = time.GetTimestamp();

    public string Id => id;

    public string Kernel => kernel;

    public CodeLanguage Language => language;

    public bool IsBusy => Volatile.Read(ref _present) > 0;

    public TimeSpan Idle => IsBusy ? TimeSpan.Zero : time.GetElapsedTime(Volatile.Read(ref _used));

    /// <summary>Runs code when it is its turn. Whoever drops the enumeration interrupts the kernel.</summary>
    public async IAsyncEnumerable<CodeEvent> ExecuteAsync(
        JupyterServer server, string code, IReadOnlyDictionary<string, string> environment, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await EnterAsync(cancellation);
        bool whole = false;
        try
        {
            KernelChannel channel = await ChannelAsync(server, cancellation);
            await LeaveEnvironmentAsync(channel, cancellation);
            if (Kernels.Environment(language, environment) is { } around)
            {
                _leaveEnvironment = around.Leave;
                await new CodeExecution(channel, language, time).RunSilentlyAsync(around.Enter, cancellation);
            }

            var execution = new CodeExecution(channel, language, time);
            await foreach (CodeEvent happened in execution.RunAsync(code, environment, cancellation))
            {
                if (happened is CodeEvent.End)
                {
                    await AfterAsync(execution, channel, cancellation);
                    whole = true;
                }

                yield return happened;
            }
        }
        finally
        {
            if (!whole)
            {
                await InterruptAsync(server);
            }

            Leave();
        }
    }

    /// <summary>Code of ours; whether it worked.</summary>
    public async Task<bool> RunSilentlyAsync(JupyterServer server, string code, CancellationToken cancellation)
    {
        await EnterAsync(cancellation);
        try
        {
            return await new CodeExecution(await ChannelAsync(server, cancellation), language, time).RunSilentlyAsync(code, cancellation);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Closes the channel if nothing runs; the next execution opens another.</summary>
    public void CloseIdle()
    {
        if (_turn.Wait(0))
        {
            DropChannel();
            _turn.Release();
        }
    }

    /// <summary>Its sandbox may have been away: the channel leads nowhere unless it is in use, and being away is not being idle.</summary>
    public void Renew()
    {
        CloseIdle();
        Volatile.Write(ref _used, time.GetTimestamp());
    }

    /// <summary>What runs loses its channel and ends.</summary>
    public void Dispose() => DropChannel();

    private async Task AfterAsync(CodeExecution execution, KernelChannel channel, CancellationToken cancellation)
    {
        if (execution.HasDied)
        {
            _leaveEnvironment = null;
            DropChannel();
        }

        await LeaveEnvironmentAsync(channel, cancellation);
    }

    private async Task LeaveEnvironmentAsync(KernelChannel channel, CancellationToken cancellation)
    {
        if (_leaveEnvironment is { } code)
        {
            await new CodeExecution(channel, language, time).RunSilentlyAsync(code, cancellation);
            _leaveEnvironment = null;
        }
    }

    private async Task EnterAsync(CancellationToken cancellation)
    {
        if (Interlocked.Increment(ref _present) > MaxWaiting)
        {
            Interlocked.Decrement(ref _present);
            throw new Fault(FaultCode.Busy, $"{MaxWaiting} executions wait in this context already: wait for them, or create another context").AsException();
        }

        try
        {
            await _turn.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Decrement(ref _present);
            throw;
        }
    }

    private void Leave()
    {
        Volatile.Write(ref _used, time.GetTimestamp());
        Interlocked.Decrement(ref _present);
        _turn.Release();
    }

    private async Task<KernelChannel> ChannelAsync(JupyterServer server, CancellationToken cancellation)
    {
        if (_channel is not { IsOpen: true })
        {
            DropChannel();
            _channel = await server.OpenAsync(kernel, cancellation);
        }

        return _channel;
    }

    /// <summary>Whatever comes of it belongs to nobody, so its channel goes.</summary>
    private async Task InterruptAsync(JupyterServer server)
    {
        DropChannel();
        using var bound = new CancellationTokenSource(InterruptLimit, time);
        try
        {
            await server.InterruptAsync(kernel, bound.Token);
        }
        catch (Exception e) when (e is FaultException or OperationCanceledException or JupyterTokenException)
        {
            // A kernel that cannot be reached runs nothing for us any more, or until its sandbox ends.
            DropChannel();
        }
    }

    private void DropChannel() => Interlocked.Exchange(ref _channel, null)?.Dispose();
}
