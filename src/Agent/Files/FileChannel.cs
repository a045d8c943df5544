using Atoll.Agent.Channels;
using Atoll.Agent.Connections;
using Atoll.Linux;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Files;

/// <summary>
/// One request about files: a state of its own that the workers' threads and the loop hold in turn. While a thread has
/// it the loop leaves it alone, and gives it up afterwards when the host has lost interest meanwhile.
/// </summary>
internal abstract class FileChannel(Connection connection, uint stream, FileWorkers workers, uint credit, int window)
    : ByteChannel(connection, stream, credit, window)
{
    private volatile bool _givenUp;

    /// <summary>Whether a thread has it.</summary>
    protected bool IsBusy { get; private set; }

    /// <summary>Whether nobody waits for it any more; may be asked by the thread.</summary>
    public bool IsGivenUp => _givenUp;

    protected Connection Connection { get; } = connection;

    /// <summary>Lets a thread do something, then the loop something else with what came of it. A failure ends the stream.</summary>
    protected void Work(Action work, Action done)
    {
        IsBusy = true;
        workers.Run(work, failure =>
        {
            IsBusy = false;
            if (_givenUp)
            {
                CleanUp();
            }
            else if (failure is not null)
            {
                Fail(failure);
            }
            else
            {
                GoOn(done);
            }
        });
    }

    private void GoOn(Action done)
    {
        try
        {
            done();
        }
        catch (Exception e) when (e is SyscallException or AgentErrorException)
        {
            Fail(FileErrors.From(e));
        }
    }

    protected sealed override void Release()
    {
        _givenUp = true;
        Stop();
        if (!IsBusy)
        {
            CleanUp();
        }
    }

    /// <summary>Called on the loop when nobody waits any more: it is to call no more.</summary>
    protected virtual void Stop()
    {
    }

    /// <summary>Closes and removes what is left; on a thread, since that may wait too.</summary>
    protected virtual void Clean()
    {
    }

    private void CleanUp()
    {
        if (NeedsCleaning)
        {
            workers.Run(Clean, static _ => { });
        }
    }

    /// <summary>Whether there is something to clean.</summary>
    protected virtual bool NeedsCleaning => false;
}

/// <summary>A request with one reply and no bytes.</summary>
internal sealed class FileCall(Connection connection, uint stream, FileWorkers workers) : FileChannel(connection, stream, workers, 0, 0)
{
    /// <param name="work">Asks now and then whether it is given up.</param>
    public void Start(Func<Func<bool>, FileStat?> work)
    {
        FileStat? result = null;
        Work(
            () => result = work(() => IsGivenUp),
            () => Finish(result is null ? static (writer, stream) => Bare.Write(writer, Atoll.Protocol.Frames.MessageType.Ok, stream) : result.Write));
    }
}
