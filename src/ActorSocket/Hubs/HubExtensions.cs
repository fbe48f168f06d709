using System.Linq.Expressions;
using System.Reflection;
using ActorSocket.Configuration;
using ActorSocket.Emitting;
using ActorSocket.Sockets;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket;

/// <summary>Handler classes, filters and authorization for a namespace.</summary>
public static class HubExtensions
{
    /// <summary>
    /// Lets a class handle the sockets of the namespace. <c>[Authorize]</c> on it guards the connection, on a method its event: who may not
    /// is refused with the connect error "Unauthorized", or the event is dropped, answered with the error <c>UNAUTHORIZED</c>, and raised
    /// as an <see cref="UnauthorizedAccessException"/> on <see cref="Socket.OnError(Func{Exception, Task})"/>.
    /// <c>[EnableRateLimiting("policy")]</c> limits the events of the class, or of the method, by a policy of <c>UseEventRateLimiter</c>;
    /// <c>[DisableRateLimiting]</c> exempts them from every limit.
    /// </summary>
    /// <returns>The namespace.</returns>
    /// <exception cref="ArgumentException">The class has no event, one of a reserved name, or a parameter that cannot be bound.</exception>
    /// <exception cref="InvalidOperationException">It names a policy that <c>UseEventRateLimiter</c> does not have.</exception>
    public static Namespace MapHub<THub>(this Namespace ns)
        where THub : SocketHub
    {
        ArgumentNullException.ThrowIfNull(ns);
        var events = Array.ConvertAll(EventMethods(typeof(THub)), method => new HubEvent(method, ns.Services.Server.Binder));
        if (events.Length == 0)
            throw new ArgumentException($"{typeof(THub).Name} handles no event: put [Event(\"name\")] on its methods.", nameof(ns));
        if (typeof(THub).GetCustomAttributes<AuthorizeAttribute>().ToArray() is { Length: > 0 } guards)
            ns.Use((socket, next) => AuthorizeConnectionAsync(socket, guards, next));
        var limited = Limit(ns, typeof(THub), events);
        ns.Services.AddHandled(typeof(THub));
        var create = ActivatorUtilities.CreateFactory<THub>([]);
        ns.OnConnection(async socket =>
        {
            if (limited && socket.Namespace.Services.Gate is null)
                throw new InvalidOperationException($"[EnableRateLimiting] on {typeof(THub).Name} needs limits: call UseEventRateLimiter.");
            var hub = create(socket.Services, []);
            hub.Socket = socket;
            socket.OnDisconnect(async reason =>
            {
                try
                {
                    await hub.OnDisconnectedAsync(reason).ConfigureAwait(false);
                }
                finally
                {
                    if (hub is IAsyncDisposable asynchronous)
                        await asynchronous.DisposeAsync().ConfigureAwait(false);
                    else if (hub is IDisposable disposable)
                        disposable.Dispose();
                }
            });
            foreach (var e in events)
                e.Register(socket, hub);
            await hub.OnConnectedAsync().ConfigureAwait(false);
        });
        return ns;
    }

    /// <summary>Runs a filter around the handlers of each event of the namespace. Several run in the order they were added.</summary>
    /// <returns>The namespace.</returns>
    public static Namespace UseEventFilter<TFilter>(this Namespace ns)
        where TFilter : class, IEventFilter
    {
        ArgumentNullException.ThrowIfNull(ns);
        ns.OnConnection(static socket =>
        {
            socket.Use(ActivatorUtilities.GetServiceOrCreateInstance<TFilter>(socket.Services).InvokeAsync);
        });
        return ns;
    }

    /// <summary>
    /// Lets only those into the namespace whose request was authenticated and meets the policies; others get the connect error
    /// "Unauthorized". Called on the server itself it is another one, which guards every request.
    /// </summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="policies">Names of policies; none for the default one.</param>
    /// <returns>The namespace.</returns>
    public static Namespace RequireAuthorization(this Namespace ns, params string[] policies)
    {
        ArgumentNullException.ThrowIfNull(ns);
        IAuthorizeData[] guards =
            policies.Length == 0 ? [new AuthorizeAttribute()] : Array.ConvertAll(policies, static policy => new AuthorizeAttribute(policy));
        return ns.Use((socket, next) => AuthorizeConnectionAsync(socket, guards, next));
    }

    /// <summary>The limits that a hub and its methods ask for. Whether there are any, which may be said later than this.</summary>
    private static bool Limit(Namespace ns, Type hub, HubEvent[] events)
    {
        var policies = Array.ConvertAll(events, e => e.LimitOf(hub)).OfType<KeyValuePair<string, string?>>().ToArray();
        var named = Array.ConvertAll(policies, static one => one.Value).OfType<string>().ToArray();
        if (ns.Services.Gate is { } gate)
            Array.ForEach(named, gate.ThrowIfUnknown);
        if (policies.Length > 0)
            ns.Services.SetEventPolicies(policies);
        return named.Length > 0;
    }

    private static async Task AuthorizeConnectionAsync(Socket socket, IAuthorizeData[] guards, Func<Task> next)
    {
        if (!await IsAllowedAsync(socket, guards).ConfigureAwait(false))
        {
            Dictionary<string, string> data = new(StringComparer.Ordinal) { ["code"] = "UNAUTHORIZED" };
            throw new ConnectErrorException("Unauthorized", data);
        }
        await next().ConfigureAwait(false);
    }

    private static async Task<bool> IsAllowedAsync(Socket socket, IAuthorizeData[] guards)
    {
        if (socket.Services.GetService<IAuthorizationService>() is not { } authorization)
            throw new InvalidOperationException("[Authorize] needs authorization services: call builder.Services.AddAuthorization().");
        var policy = await AuthorizationPolicy
            .CombineAsync(socket.Services.GetRequiredService<IAuthorizationPolicyProvider>(), guards)
            .ConfigureAwait(false);
        return policy is null || (await authorization.AuthorizeAsync(socket.User, socket, policy).ConfigureAwait(false)).Succeeded;
    }

    internal static MethodInfo[] EventMethods(Type hub) =>
        Array.FindAll(
            hub.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic),
            static method => method.IsDefined(typeof(EventAttribute))
        );

    private sealed class HubEvent
    {
        private readonly MethodInfo _method;
        private readonly string _name;
        private readonly Type _delegate;
        private readonly IAuthorizeData[] _guards;
        private readonly HandlerOptions _options = new();

        public HubEvent(MethodInfo method, HandlerBinder binder)
        {
            _method = method;
            _name = method.GetCustomAttribute<EventAttribute>()!.Name;
            EmitFlags.ThrowIfNotHandled(_name);
            if (
                method.ContainsGenericParameters
                || Array.Exists(method.GetParameters(), static parameter => parameter.ParameterType.IsByRef)
            )
                throw new ArgumentException(
                    $"{method.DeclaringType!.Name}.{method.Name} cannot handle \"{_name}\": event arguments are values of known types.",
                    nameof(method)
                );
            if (Callback.IsAsyncVoid(method))
                throw new ArgumentException(
                    $"{method.DeclaringType!.Name}.{method.Name} is async void: its exceptions would end the process. Let it return a "
                    + "Task.",
                    nameof(method)
                );
            _delegate = Expression.GetDelegateType([
                .. method.GetParameters().Select(static parameter => parameter.ParameterType),
                method.ReturnType,
            ]);
            binder.Check(_delegate);
            _guards = [.. method.GetCustomAttributes<AuthorizeAttribute>()];
            if (method.GetCustomAttribute<IdempotentAttribute>() is { } idempotent)
                _options.IdempotencyKey = KeyOf(method, idempotent.Key);
        }

        private static Func<SocketArguments, string?> KeyOf(MethodInfo method, string parameter)
        {
            var arguments = method.GetParameters().Where(static one => HandlerBinder.TakesArgument(one.ParameterType)).ToArray();
            var index = Array.FindIndex(arguments, one => string.Equals(one.Name, parameter, StringComparison.Ordinal));
            if (index < 0)
                throw new ArgumentException(
                    $"{method.DeclaringType!.Name}.{method.Name} takes no argument \"{parameter}\" that could be its idempotency key.",
                    nameof(parameter)
                );
            return all => all.Count > index && !all[index].IsNull ? all[index].ToString() : null;
        }

        /// <summary>
        /// The policy of its event, null for none at all; nothing where it does not say. As endpoints have it: the nearest counts.
        /// </summary>
        public KeyValuePair<string, string?>? LimitOf(Type hub)
        {
            MemberInfo[] nearestFirst = [_method, hub];
            foreach (var member in nearestFirst)
            {
                if (member.IsDefined(typeof(DisableRateLimitingAttribute)))
                    return new(_name, null);
                if (member.GetCustomAttribute<EnableRateLimitingAttribute>() is { PolicyName: { } policy })
                    return new(_name, policy);
            }
            return null;
        }

        public void Register(Socket socket, SocketHub hub)
        {
            socket.On(_name, Delegate.CreateDelegate(_delegate, _method.IsStatic ? null : hub, _method), _options);
            if (_guards.Length > 0)
                socket.Use(GuardAsync);
        }

        private async Task GuardAsync(SocketEvent e, Func<Task> next)
        {
            if (!string.Equals(e.Name, _name, StringComparison.Ordinal) || await IsAllowedAsync(e.Socket, _guards).ConfigureAwait(false))
            {
                await next().ConfigureAwait(false);
                return;
            }
            if (e.Ack is { } ack)
                e.Socket.AnswerError(ack, ErrorAnswers.Unauthorized);
            e.Socket.ReportRefused(new UnauthorizedAccessException($"The user may not send \"{_name}\"."), "forbidden");
        }
    }
}
