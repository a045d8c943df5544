using Atoll.Control.Stores;
using Atoll.Domain.Nodes;
using Atoll.Domain.Snapshots;
using Microsoft.Extensions.Logging;

namespace Atoll.Control.Snapshots;

/// <summary>
/// Removes an image once nothing refers to it: no sandbox that is paused to it or starts from it, no snapshot, and no
/// lease of an operation under way. A lease that was given and a removal exclude each other.
/// </summary>
internal sealed partial class ImageReferences(ImageStore store, INode node, TimeProvider time, ControlOptions options, ILogger<ImageReferences> log)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ImageId, int> _leases = [];
    private readonly Dictionary<ImageId, TaskCompletionSource> _going = [];
    private long? _bytes;

    /// <summary>What all images take on the node's disk.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes ??= node.ListImages().Sum(image => node.FindImage(image)?.Bytes ?? 0);
            }
        }
    }

    public bool Exists(ImageId image) => node.FindImage(image) is not null;

    /// <summary>Says that images came or went.</summary>
    public void Changed()
    {
        lock (_lock)
        {
            _bytes = null;
        }
    }

    /// <summary>
    /// Keeps an image, also one that is still to be taken, until the lease is disposed of. Waits for a removal that is
    /// under way: who needs an image that may have gone looks for it under the lease.
    /// </summary>
    public async ValueTask<IDisposable> LeaseAsync(ImageId image)
    {
        while (true)
        {
            Task removal;
            lock (_lock)
            {
                if (!_going.TryGetValue(image, out TaskCompletionSource? going))
                {
                    _leases[image] = _leases.GetValueOrDefault(image) + 1;
                    return new Lease(this, image);
                }

                removal = going.Task;
            }

            await removal;
        }
    }

    /// <summary>A reference is gone: removes the image beside the caller if it was the last. What fails is tried again by the reconciler.</summary>
    public void Forget(ImageId image) => _ = Task.Run(() => RemoveUnusedAsync(image, CancellationToken.None));

    /// <summary>Removes the image unless something refers to it. Never throws.</summary>
    public async Task<bool> RemoveUnusedAsync(ImageId image, CancellationToken cancellation)
    {
        // One that looks at it already may have looked too early.
        while (TryBegin(image, out Task? other) is false)
        {
            if (other is null)
            {
                return false;
            }

            await other;
        }

        try
        {
            if (store.IsReferredTo(image))
            {
                return false;
            }

            using var bound = new CancellationTokenSource(options.NodeTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
            await node.RemoveImageAsync(image, either.Token);
            Changed();
            return true;
        }
        catch (Exception e)
        {
            LogStays(e, image);
            return false;
        }
        finally
        {
            lock (_lock)
            {
                _going.Remove(image, out TaskCompletionSource? going);
                going!.SetResult();
            }
        }
    }

    /// <param name="other">When it is false: the end of who does it already; null when the image is leased.</param>
    private bool TryBegin(ImageId image, out Task? other)
    {
        lock (_lock)
        {
            other = null;
            if (_leases.ContainsKey(image))
            {
                return false;
            }

            if (_going.TryGetValue(image, out TaskCompletionSource? going))
            {
                other = going.Task;
                return false;
            }

            _going[image] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return true;
        }
    }

    private void End(ImageId image)
    {
        lock (_lock)
        {
            int left = _leases[image] - 1;
            if (left > 0)
            {
                _leases[image] = left;
                return;
            }

            _leases.Remove(image);
        }

        Forget(image);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "image {Image} could not be removed; it is tried again later")]
    private partial void LogStays(Exception e, ImageId image);

    private sealed class Lease(ImageReferences references, ImageId image) : IDisposable
    {
        private ImageReferences? _references = references;

        public void Dispose() => Interlocked.Exchange(ref _references, null)?.End(image);
    }
}
