using Atoll.Control.Idempotency;
using Atoll.Control.Snapshots;
using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Sandboxes;

/// <summary>Makes copies of sandboxes, all of one image; also when who asked for them goes away.</summary>
internal sealed class SandboxForks(
    CreateRules rules, SandboxDirectory directory, SandboxLifecycle lifecycle, SandboxStore store, ImageHolds holds, ImageReferences images,
    TimeProvider time, SandboxLimits limits)
{
    private const int MaxCount = 100;

    private readonly Attempts<IReadOnlyList<Sandbox>> _attempts = new();

    /// <param name="original">Finds it, or refuses.</param>
    public Task<IReadOnlyList<Sandbox>> ForkAsync(Caller caller, Func<Sandbox> original, ForkSandbox request, CancellationToken cancellation) =>
        request.Count is >= 1 and <= MaxCount
            ? _attempts.JoinAsync(caller, () => ForkAsync(caller, original, request)).WaitAsync(cancellation)
            : throw Fault.Invalid("count", $"count must be 1 to {MaxCount}").AsException();

    // Copies that an earlier attempt made are answered, also when the original is gone; the others are made.
    private async Task<IReadOnlyList<Sandbox>> ForkAsync(Caller caller, Func<Sandbox> original, ForkSandbox request)
    {
        SandboxId[] ids = [.. Enumerable.Range(0, request.Count).Select(number => IdOf(caller, number))];
        Dictionary<SandboxId, Sandbox> made = caller.Operation is { IsRepeat: true }
            ? ids.Select(store.Find).OfType<Sandbox>().ToDictionary(copy => copy.Id)
            : [];
        if (made.Count < ids.Length)
        {
            Sandbox from = original();
            Sandbox model = Model(from, request);
            (SandboxId Id, string Name)[] missing = [.. ids.Zip(Names(from.Name, request)).Where(copy => !made.ContainsKey(copy.First))];
            foreach (Sandbox copy in await MakeAsync(model, missing, made.Values.FirstOrDefault()?.Source, caller.User.Id.Value))
            {
                made[copy.Id] = copy;
            }
        }

        return await Task.WhenAll(ids.Select(id => SettledAsync(made[id])));
    }

    /// <param name="sibling">Of what copies were made already, which those are to equal while it is there.</param>
    private async Task<IReadOnlyList<Sandbox>> MakeAsync(Sandbox model, IEnumerable<(SandboxId Id, string Name)> copies, ImageId? sibling, string by)
    {
        using ImageHold hold = await SameAsync(model, sibling) ?? await holds.HoldAsync(model.Id, by);
        DateTimeOffset now = time.Now();
        Birth[] births = await Task.WhenAll(copies.Select(copy => BearAsync(
            model with { Id = copy.Id, Name = copy.Name, Source = hold.Image, CreatedAt = now, UpdatedAt = now }, by)));
        return sibling is null && births.All(birth => birth.Refusal is not null)
            ? throw births[0].Refusal!.AsException()
            : [.. births.Select(birth => birth.Sandbox)];
    }

    private async Task<ImageHold?> SameAsync(Sandbox model, ImageId? sibling)
    {
        if (sibling is not { } image)
        {
            return null;
        }

        IDisposable lease = await images.LeaseAsync(image);
        if (images.Exists(image))
        {
            return new ImageHold(model, image, lease);
        }

        lease.Dispose();
        return null;
    }

    /// <summary>The record of a copy once it is no longer on its way up, or after the time that a launch may take.</summary>
    private async Task<Sandbox> SettledAsync(Sandbox copy)
    {
        if (copy.State is not (SandboxState.Created or SandboxState.Starting))
        {
            return copy;
        }

        try
        {
            Outcome? outcome = await directory.PassAsync(copy.Id, CancellationToken.None).WaitAsync(lifecycle.ResumeWait, time);
            return outcome?.Sandbox ?? directory.Read(copy.Id) ?? copy;
        }
        catch (TimeoutException)
        {
            return directory.Read(copy.Id) ?? copy;
        }
    }

    private async Task<Birth> BearAsync(Sandbox newborn, string by)
    {
        (Task<Sandbox> stored, Task<Outcome> settled) = directory.Add(new Newborn(newborn, by, IsFork: true), await images.LeaseAsync(newborn.Source!.Value));
        try
        {
            await stored;
        }
        catch (FaultException e)
        {
            return new Birth(newborn with { State = SandboxState.Failed, Reason = e.Fault.Message, EndedAt = newborn.CreatedAt }, e.Fault);
        }

        try
        {
            return new Birth((await settled.WaitAsync(lifecycle.ResumeWait, time)).Sandbox, null);
        }
        catch (TimeoutException)
        {
            return new Birth(directory.Read(newborn.Id) ?? newborn, null);
        }
    }

    /// <summary>What all copies have of the original.</summary>
    private Sandbox Model(Sandbox original, ForkSandbox request)
    {
        var metadata = new Dictionary<string, string>(original.Metadata);
        foreach ((string key, string value) in request.Metadata)
        {
            metadata[key] = value;
        }

        rules.CheckMetadata(metadata);
        return original with
        {
            Metadata = metadata,
            Timeout = rules.Timeout(request.Timeout ?? original.Timeout),
            State = SandboxState.Created,
            Phase = SandboxPhase.None,
            Reason = "",
            LocalPort = null,
            StartedAt = null,
            PausingAt = null,
            PausedAt = null,
            ResumedAt = null,
            RanBefore = TimeSpan.Zero,
            PausedBefore = TimeSpan.Zero,
            Image = null,
            EndedAt = null,
            DeleteRequested = false,
        };
    }

    private string[] Names(string original, ForkSandbox request)
    {
        string ending = request.Count > 1 ? $"-{request.Count}" : "";
        string name = request.Name is { Length: > 0 } given
            ? rules.Name(given + ending)[..given.Length]
            : original[..Math.Min(original.Length, limits.MaxNameLength - ending.Length)];
        return [.. Enumerable.Range(1, request.Count).Select(number => request.Count > 1 ? $"{name}-{number}" : name)];
    }

    private SandboxId IdOf(Caller caller, int number) =>
        caller.Operation is { } operation ? SandboxId.Parse(operation.UlidOf(number)) : SandboxId.New(time.Now());

    /// <param name="Refusal">Why there is not even a record of it; null when there is.</param>
    private sealed record Birth(Sandbox Sandbox, Fault? Refusal);
}
