using System.Threading.Channels;
using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Microsoft.Extensions.Logging;

namespace Atoll.Control.Sandboxes;

/// <summary>
/// The only writer of one sandbox's record. Takes one command at a time, lets the state machine decide, stores the
/// transition, answers, and only then sets the effect going; an effect reports back as a command. When the disk has
/// no room to store that a sandbox ends, it is ended all the same, which makes room, and that is stored afterwards.
/// <code>
///   command -> Decide -> store -> answer -> effect (launch, capture, clean) runs beside the mailbox
///      ^                                       |
///      +-- Started, Captured, Lost, Cleaned ---+
/// </code>
/// Ends itself once the sandbox is over and its node is clean.
/// </summary>
internal sealed partial class SandboxActor(SandboxId id, Newborn? newborn, ActorContext context, Action<SandboxActor> ended)
{
    private const int MailboxLength = 64;
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    private readonly Channel<Letter> _mailbox = Channel.CreateBounded<Letter>(MailboxLength);
    private readonly TaskCompletionSource<Sandbox> _stored = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SandboxPassage _passage = new();
    private readonly SandboxTimers _timers = new(id, context);
    private Sandbox? _record;
    private SandboxEffects? _effects;
    private int _started;
    private bool _clean;
    private bool _closed;

    // The record is ahead of the store.
    private bool _unstored;

    public SandboxId Id => id;

    /// <summary>The record as it was last stored, with the present phase; null until it is read, and again once it is removed.</summary>
    public Sandbox? Record => Volatile.Read(ref _record);

    /// <summary>Completes when a new record is durable.</summary>
    public Task<Sandbox> Stored => _stored.Task;

    /// <summary>Completes when the state that it is in has passed; null while it is in one that lasts.</summary>
    public Task<Outcome>? Passage => _passage.Ends;

    /// <summary>Completes when the record is read and its timeout is watched, or when that failed and the actor has ended.</summary>
    public Task Begun => _begun.Task;

    /// <summary>Completes when the actor handles nothing any more and another may take its place.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Completes when no launch, capture or restore is under way.</summary>
    public Task WorkEnded => _effects?.WorkEnded ?? Task.CompletedTask;

    /// <summary>Begins a new sandbox.</summary>
    /// <returns>Completes when it is no longer on its way up.</returns>
    public Task<Outcome> Start()
    {
        Task<Outcome> settled = _passage.Begin();
        EnsureStarted();
        return settled;
    }

    public void EnsureStarted()
    {
        if (Interlocked.Exchange(ref _started, 1) == 0)
        {
            _ = Task.Run(RunAsync);
        }
    }

    /// <summary>Sends a command and waits for its answer.</summary>
    /// <returns>What it made of the sandbox; null when the actor had ended: ask the one that took its place.</returns>
    public async Task<Answer?> AskAsync(SandboxCommand command, string by, CancellationToken cancellation)
    {
        var letter = new Letter(command, by, new TaskCompletionSource<Answer?>(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            await _mailbox.Writer.WriteAsync(letter, cancellation);
            return await letter.Reply!.Task.WaitAsync(AnswerTimeout, context.Time, cancellation);
        }
        catch (ChannelClosedException)
        {
            return null;
        }
        catch (TimeoutException e)
        {
            throw new FaultException(new Fault(FaultCode.Timeout, $"sandbox '{id}' did not answer in time: try again"), e);
        }
    }

    /// <summary>Sends a command that nobody waits for. One that comes too late is dropped: the sandbox is over.</summary>
    public async Task TellAsync(SandboxCommand command, string by)
    {
        try
        {
            await _mailbox.Writer.WriteAsync(new Letter(command, by, null));
        }
        catch (ChannelClosedException)
        {
        }
    }

    private async Task RunAsync()
    {
        try
        {
            await BeginAsync();
            _begun.TrySetResult();
            await foreach (Letter letter in _mailbox.Reader.ReadAllAsync())
            {
                await HandleAsync(letter);
            }
        }
        catch (FaultException e) when (!_stored.Task.IsCompleted)
        {
            // Not admitted.
            _stored.TrySetException(e);
            _mailbox.Writer.TryComplete();
        }
        catch (Exception e)
        {
            LogBroken(e, id);
            _stored.TrySetException(e);
            _mailbox.Writer.TryComplete();
        }
        finally
        {
            _timers.Stop();
            ended(this);
            _passage.Break();
            _begun.TrySetResult();
            _ended.SetResult();
            while (_mailbox.Reader.TryRead(out Letter? letter))
            {
                letter.Bounce();
            }
        }
    }

    // A new record is stored and started; one from the store goes on with whatever its state demands.
    private async Task BeginAsync()
    {
        if (newborn is not null)
        {
            Follow(newborn.Record);
            Sandbox admitted = await AdmitAsync(newborn);
            await PublishAsync(admitted, null);
            _stored.TrySetResult(admitted);
            _ = TellAsync(new SandboxCommand.Start(), newborn.By);
            return;
        }

        if (context.Store.Find(id) is not { } found)
        {
            _mailbox.Writer.TryComplete();
            return;
        }

        Follow(found);
        await PublishAsync(found, null);
        if (found.State is SandboxState.Terminating || found.State.IsFinal())
        {
            _effects!.Clean();
        }
        else if (found.State is SandboxState.Pausing && found.Image is { } image && context.Node.FindImage(image) is not null)
        {
            _effects!.FinishPause();
        }

        _timers.Watch(found);
    }

    private void Follow(Sandbox sandbox)
    {
        _effects = new SandboxEffects(id, context, TellAsync);
        if (sandbox.IdleTimeout is not null && !sandbox.State.IsFinal())
        {
            context.Uses.Follow(id);
        }
    }

    // Its address is open before anybody hears of it.
    private async Task<Sandbox> AdmitAsync(Newborn wanted)
    {
        try
        {
            Sandbox addressed = wanted.Record with { LocalPort = await context.Addresses.OpenAsync(id, context.Stopping) };
            long images = context.Images.Bytes;
            await context.Store.InsertAsync(
                addressed, wanted.By, used => context.Admission.CheckRoom(addressed, used with { ImageBytes = images }), wanted.IsFork);
            return addressed;
        }
        catch (Exception e)
        {
            await context.Addresses.CloseAsync(id);
            if (!Database.IsOutOfRoom(e))
            {
                throw;
            }

            LogNotStored(e, id, "Create");
            throw new FaultException(new Fault(FaultCode.NoCapacity, "the server's disk is full: try again when sandboxes have ended"), e);
        }
    }

    private async Task HandleAsync(Letter letter)
    {
        if (_closed || _record is not { } before)
        {
            letter.Bounce();
            return;
        }

        DateTimeOffset now = context.Time.Now();
        letter = letter with { Command = _timers.Translate(before, letter.Command, now) };
        Decision decision = SandboxStateMachine.Decide(before.State, letter.Command);
        if ((decision.Refusal ?? _timers.Refusal(before, letter.Command, now) ?? Refusal(before, letter.Command, now)) is { } refusal)
        {
            letter.Refuse(refusal);
            _timers.Watch(before);
            return;
        }

        bool answered = letter.Reply is null;
        try
        {
            Sandbox after = SandboxTransition.Apply(before, letter.Command, decision.Next, now);
            await StoreAsync(before, after, letter, decision.Effect);
            _timers.Done(before, letter.Command, now);
            _timers.Watch(after);
            letter.Answer(new Answer(after, _passage.Ends));
            answered = true;
            await PerformAsync(decision.Effect, letter, before, after);
        }
        catch (FaultException e) when (!answered)
        {
            // Not admitted.
            letter.Fail(e);
        }
        catch (Exception e)
        {
            // Who waits is told and may repeat it; what nobody waits for any more must not be lost.
            LogNotStored(e, id, letter.Command.GetType().Name);
            letter.Fail(e);
            if (answered)
            {
                _effects!.Later(() => TellAsync(letter.Command, letter.By));
            }
        }

        EndWhenOver();
    }

    // The end of one whose image is complete is no loss.
    private Fault? Refusal(Sandbox before, SandboxCommand command, DateTimeOffset now) =>
        command is SandboxCommand.Lost && before is { State: SandboxState.Pausing, Image: { } image } && context.Node.FindImage(image) is not null
            ? new Fault(FaultCode.WrongState, "its image is complete")
            : SandboxTransition.Refusal(before, command, now);

    private async Task StoreAsync(Sandbox before, Sandbox after, Letter letter, SandboxEffect effect)
    {
        // How far a start has come is not worth a write: a restart begins anew or fails it.
        if (letter.Command is SandboxCommand.Progress)
        {
            Volatile.Write(ref _record, after);
        }
        else if ((after != before || _unstored) && !(after.DeleteRequested && letter.Command is SandboxCommand.Cleaned))
        {
            _unstored = !await TryStoreAsync(before, after, letter, effect);
            await PublishAsync(after, letter.Command);
            Forget(before, after);
        }
    }

    // An image that the stored record does not name any more goes, unless something else does.
    private void Forget(Sandbox before, Sandbox? after)
    {
        if (before.Image is { } image && after?.Image != image)
        {
            context.Images.Forget(image);
        }
    }

    /// <summary>False when there is no room for it and it must not wait: what ends a sandbox makes room.</summary>
    private async Task<bool> TryStoreAsync(Sandbox before, Sandbox after, Letter letter, SandboxEffect effect)
    {
        try
        {
            long images = effect is SandboxEffect.Restore ? context.Images.Bytes : 0;
            await context.Store.UpdateAsync(before, after, letter.By, letter.Command, effect is not SandboxEffect.Restore
                ? null
                : used => context.Admission.CheckRoom(after, used with { ImageBytes = images }));
            return true;
        }
        catch (Exception e) when (Database.IsOutOfRoom(e) && letter.Command is
            SandboxCommand.Terminate or SandboxCommand.Delete or SandboxCommand.Expire or SandboxCommand.Lost)
        {
            LogNotStored(e, id, letter.Command.GetType().Name);
            return false;
        }
    }

    private async Task PerformAsync(SandboxEffect effect, Letter letter, Sandbox before, Sandbox after)
    {
        _clean |= letter.Command is SandboxCommand.Cleaned && after.State.IsFinal();
        if (effect is not SandboxEffect.Forget || !_clean)
        {
            Perform(effect, after);
        }

        if (_clean && after.DeleteRequested)
        {
            await context.Store.RemoveAsync(id, letter.By, context.Time.Now());
            await context.Addresses.CloseAsync(id);
            Volatile.Write(ref _record, null);
            Forget(before, null);
            Close();
        }
    }

    private void Perform(SandboxEffect effect, Sandbox sandbox)
    {
        switch (effect)
        {
            case SandboxEffect.Launch:
                _effects!.Launch(sandbox);
                break;
            case SandboxEffect.Pause:
                _effects!.Pause(sandbox);
                break;
            case SandboxEffect.Restore:
                _effects!.Restore(sandbox);
                break;
            case SandboxEffect.Capture:
                _effects!.Capture(sandbox);
                break;
            case SandboxEffect.Clean or SandboxEffect.Forget:
                _effects!.Clean();
                break;
        }
    }

    // Letters that slip in between the look and the close are bounced, and their senders ask the next actor.
    private void EndWhenOver()
    {
        if (_clean && _record is { DeleteRequested: false } over && over.State.IsFinal() && _mailbox.Reader.Count == 0)
        {
            Close();
        }
    }

    private void Close()
    {
        _closed = true;
        _mailbox.Writer.TryComplete();
    }

    // Who sees a state that passes finds its passage.
    private async Task PublishAsync(Sandbox sandbox, SandboxCommand? command)
    {
        if (SandboxPassage.Passes(sandbox.State))
        {
            _passage.Move(sandbox, command);
            Volatile.Write(ref _record, sandbox);
            return;
        }

        Volatile.Write(ref _record, sandbox);
        if (sandbox.State.IsFinal())
        {
            await context.Addresses.CloseAsync(id);
        }

        _passage.Move(sandbox, command);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Sandbox}: its actor ended on an unexpected error")]
    private static partial void LogBroken(ILogger log, Exception e, SandboxId sandbox);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Sandbox}: {Command} could not be stored")]
    private static partial void LogNotStored(ILogger log, Exception e, SandboxId sandbox, string command);

    private void LogBroken(Exception e, SandboxId sandbox) => LogBroken(context.Log, e, sandbox);

    private void LogNotStored(Exception e, SandboxId sandbox, string command) => LogNotStored(context.Log, e, sandbox, command);
}
