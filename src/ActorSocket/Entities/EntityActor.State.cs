using ActorSocket.Diagnostics;
using ActorSocket.Sessions;
using Akka.Actor;
using Akka.Event;

namespace ActorSocket.Entities;

/// <summary>What outlives the entity: its state is loaded, and saved while nothing of the entity runs; and its timers.</summary>
internal sealed partial class EntityActor
{
    /// <summary>How long one that moves waits for the store: its state moves along in any case.</summary>
    private static readonly TimeSpan MoveTimeout = TimeSpan.FromSeconds(5);

    private StoredState? _stored;
    private bool _isLoading;
    private bool _isLoaded;
    private bool _isSaveSet; // a timer for it runs
    private bool _isSaveDue; // that came while a call ran
    private bool _isTimerDue;
    private bool _isRetiringLater;
    private bool _isKeeping; // its last save is under way
    private bool _isKept; // that is over
    private bool _hasKeepFailed;

    private sealed record Loaded(StoredState? State, Exception? Error) : ILocalMessage, IDeadLetterSuppression;

    private sealed class SaveDue : ILocalMessage { public static readonly SaveDue Instance = new(); }

    private sealed record Saved(Exception? Error) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>It is saved, or deleted, before it goes.</summary>
    private sealed record Kept(Exception? Error) : ILocalMessage, IDeadLetterSuppression;

    private sealed class RetireDue : ILocalMessage { public static readonly RetireDue Instance = new(); }

    private sealed class TimerDue : ILocalMessage { public static readonly TimerDue Instance = new(); }

    // ---- Loading

    private void Load()
    {
        _isLoading = true;
        _ = LoadAsync(_entities.Store!, Key, Self);

        static async Task LoadAsync(IEntityStore store, EntityKey key, IActorRef self)
        {
            try
            {
                self.Tell(new Loaded(await store.LoadAsync(key).ConfigureAwait(false), null));
            }
            catch (Exception error)
            {
                self.Tell(new Loaded(null, error));
            }
        }
    }

    private void OnLoaded(Loaded m)
    {
        _isLoading = false;
        if (m.Error is { } error)
        {
            _server.Metrics.EntityStoreFailed(kind.Type);
            _server.Log.EntityNotLoaded(error, kind.Type);
            FailStart("The entity cannot start: its state could not be loaded: " + TextOf(error));
            return;
        }
        (_stored, _isLoaded) = (m.State, true);
        Begin();
    }

    private void StartState(IStatefulEntity entity, KeptState? kept, long generation)
    {
        entity.Load(kept, _server.Json.Options);
        _context.Saves = new EntitySaves(Key, _entities, entity, _context, kind.Options.MaxStateBytes);
        _context.Saves.Begin(
            Math.Max(_stored?.Number ?? 0, kept?.Number ?? 0),
            generation,
            // A new one is saved when it has something; what an older version has written, at once.
            isSaved: kept is null || (kept.IsSaved && kept.Version == entity.StateVersion && !HasTokens(kept))
        );
    }

    // ---- Saving
    /// <summary>Whether the store has tokens of seats, and not their digests: it was saved before it was to be so.</summary>
    private static bool HasTokens(KeptState kept) => kept.Seats?.All.Any(static seat => seat.TokenDigests is null) is true;


    private void SaveLater()
    {
        if (_isSaveSet || _context.Saves is null)
            return;
        _isSaveSet = true;
        Timers.StartSingleTimer(nameof(SaveDue), SaveDue.Instance, kind.Options.SaveInterval);
    }

    private void OnSaveDue()
    {
        _isSaveSet = false;
        if (_isBusy)
            _isSaveDue = true;
        else
            Save();
    }

    private void Save()
    {
        _isSaveDue = false;
        var saves = _context.Saves!;
        if (_context.IsDeleted)
            return;
        if (saves.IsSaving)
            SaveLater();
        else
            _ = RunAsync(saves.SaveAsync, Self, static error => new Saved(error));
    }

    private void OnSaved(Exception? error)
    {
        if (error is null)
            return;
        OnNotSaved(error);
        SaveLater();
    }

    private void OnNotSaved(Exception error)
    {
        _server.Metrics.EntityStoreFailed(kind.Type);
        _server.Log.EntityNotSaved(error, kind.Type);
    }

    // ---- The last save

    /// <summary>Where it has nothing to keep, it ends; else it waits for the store first, and goes on where that fails.</summary>
    private void Retire()
    {
        if (_context.Saves is null)
            End();
        else if (!_isRetiringLater)
            Keep();
    }

    /// <summary>As if it had never been.</summary>
    private void Discard()
    {
        _context.Delete();
        if (_context.Saves is { HasSaved: true })
            Retire();
        else
            End();
    }

    /// <summary>Who has a seat leaves it before.</summary>
    private void EndRetired()
    {
        if (_context.HasSeats)
            RunEndOfSeats();
        else
            Retire();
    }

    private void Keep()
    {
        _isBusy = _isKeeping = true;
        var saves = _context.Saves!;
        _ = RunAsync(_context.IsDeleted ? saves.DeleteAsync : saves.SaveAsync, Self, static error => new Kept(error));
        if (_isMoving)
            LimitKeeping();
    }

    /// <summary>Where nobody remembers it, what is not saved is lost: then only the node's shutdown has a limit.</summary>
    private void LimitKeeping()
    {
        if (Memory is not NoEntityMemory)
            Timers.StartSingleTimer(nameof(Kept), new Kept(new TimeoutException($"The store took more than {MoveTimeout}.")), MoveTimeout);
    }

    private void OnKept(Exception? error)
    {
        _isBusy = _isKeeping = false;
        if (error is not null)
            OnNotSaved(error);
        if (_isMoving)
        {
            (_isKept, _hasKeepFailed) = (true, error is not null);
            HandOver();
            return;
        }
        if (error is not null)
        {
            _isRetiringLater = true;
            Timers.StartSingleTimer(nameof(RetireDue), RetireDue.Instance, kind.Options.SaveInterval);
        }
        else if (_waiting.Count == 0 || _context.IsDeleted)
        {
            End();
            return;
        }
        RunNext();
    }

    private void OnRetireDue()
    {
        _isRetiringLater = false;
        if (!_isBusy)
            RunNext();
    }

    // ---- Timers

    private void SetTimer()
    {
        if (_context.FirstDue() is not { } first)
        {
            Timers.Cancel(nameof(TimerDue));
            return;
        }
        var delay = first - _server.Time.GetUtcNow();
        Timers.StartSingleTimer(nameof(TimerDue), TimerDue.Instance, delay > TimeSpan.Zero ? delay : TimeSpan.Zero);
    }

    private void OnTimerDue()
    {
        _isTimerDue = true;
        if (!_isBusy)
            RunNext();
    }

    private void RunTimer()
    {
        _isTimerDue = false;
        var now = _server.Time.GetUtcNow();
        if (_context.Seats is { FirstDue: { } due } seats && due <= now)
        {
            _isTimerDue = true; // a timer may be, too
            Run(seats.ExpireAsync);
            return;
        }
        if (_context.FirstTimer() is { } first && first.Due <= now)
        {
            _context.TakeTimer(first, now);
            Call(new EntityCall(id, first.Method, "[]"u8.ToArray(), WantsAnswer: false), ActorRefs.Nobody);
            return;
        }
        SetTimer(); // it was moved, or the clock was
        RunNext();
    }
}
