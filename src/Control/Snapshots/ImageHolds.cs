using Atoll.Control.Sandboxes;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;

namespace Atoll.Control.Snapshots;

/// <summary>
/// Gets an image of a sandbox as it is now, for a fork or a snapshot: that of a paused one, or one that is taken of a
/// running one while it goes on. One that is being captured or resumed is waited for, within a bound.
/// </summary>
internal sealed class ImageHolds(
    SandboxDirectory directory, SandboxLifecycle lifecycle, ImageReferences images, TimeProvider time)
{
    public async Task<ImageHold> HoldAsync(SandboxId id, string by)
    {
        using var bound = new CancellationTokenSource(lifecycle.CaptureWait, time);
        try
        {
            while (true)
            {
                Sandbox sandbox = directory.Read(id) ?? throw Fault.NotFound("sandbox", id.Value).AsException();
                ImageHold? hold = sandbox.State switch
                {
                    SandboxState.Pausing or SandboxState.Forking or SandboxState.Resuming => await PassAsync(id, bound.Token),
                    SandboxState.Paused => await HoldPausedAsync(sandbox),
                    SandboxState.Running => await CaptureAsync(sandbox, by),
                    _ => throw SandboxStateMachine.Decide(sandbox.State, new SandboxCommand.Capture(ImageId.New(time.Now()))).Refusal!.AsException(),
                };
                if (hold is not null)
                {
                    return hold;
                }

                await Task.Yield();
                bound.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException e) when (bound.IsCancellationRequested)
        {
            throw new FaultException(new Fault(FaultCode.Timeout, $"sandbox '{id}' was busy for too long: try again"), e);
        }
    }

    private async Task<ImageHold?> PassAsync(SandboxId id, CancellationToken cancellation)
    {
        await directory.PassAsync(id, cancellation);
        return null;
    }

    // Looked at once more under the lease: it may have been resumed in between.
    private async Task<ImageHold?> HoldPausedAsync(Sandbox sandbox)
    {
        ImageId image = sandbox.Image!.Value;
        IDisposable lease = await images.LeaseAsync(image);
        if (directory.Read(sandbox.Id) is { State: SandboxState.Paused } now && now.Image == image)
        {
            return new ImageHold(now, image, lease);
        }

        lease.Dispose();
        return null;
    }

    private async Task<ImageHold?> CaptureAsync(Sandbox sandbox, string by)
    {
        ImageId image = ImageId.New(time.Now());
        IDisposable lease = await images.LeaseAsync(image);
        try
        {
            await lifecycle.CaptureAsync(sandbox.Id, image, by, CancellationToken.None);
            return new ImageHold(sandbox, image, lease);
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.WrongState && sandbox.State is SandboxState.Running)
        {
            // Somebody was first; what is possible now is seen by looking again.
            lease.Dispose();
            return null;
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }
}

/// <summary>An image that stays until this is disposed of.</summary>
/// <param name="Of">The sandbox when the image was taken.</param>
internal sealed record ImageHold(Sandbox Of, ImageId Image, IDisposable Lease) : IDisposable
{
    public void Dispose() => Lease.Dispose();
}
