# The lobby server. Untested where it was written: there was no Docker engine. config/run-cluster.sh runs the same program with the same nginx configuration, and is tested.
FROM node:22-bookworm-slim AS client
WORKDIR /client
COPY src/ActorSocket/client/package.json src/ActorSocket/client/package-lock.json src/ActorSocket/client/.npmrc ./
RUN npm ci --no-audit --no-fund

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
# What the build takes from npm; newer than the lock file, so that it does not ask for npm itself.
COPY --from=client /client/node_modules src/ActorSocket/client/node_modules
RUN touch src/ActorSocket/client/node_modules/socket.io-client/dist/socket.io.min.js \
 && dotnet publish src/ActorSocket.Server -c Release -o /app \
 && mkdir /data

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
# One server keeps its lobbies in a file; several share a database: see docker-compose.yml.
COPY --from=build --chown=$APP_UID /data /data
VOLUME /data
ENV ActorSocket__Persistence__ConnectionString="Data Source=/data/lobbies.db"
ENV ASPNETCORE_FORWARDEDHEADERS_ENABLED=true
# The image's own user, who is not root.
USER $APP_UID
EXPOSE 3000 8101
# No curl in the image: bash asks.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/3000 && printf 'GET /health/ready HTTP/1.0\\r\\nHost: 127.0.0.1\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200'"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["dotnet", "ActorSocket.Server.dll", "--urls", "http://0.0.0.0:3000"]
