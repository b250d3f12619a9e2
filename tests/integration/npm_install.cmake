# Installs the npm packages of the Node clients into FOLDER, once for each change of clients/package.json.
file(COPY ${SOURCE}/package.json DESTINATION ${FOLDER})
file(SHA256 ${SOURCE}/package.json wanted)
if(EXISTS ${FOLDER}/installed)
  file(READ ${FOLDER}/installed present)
  if(present STREQUAL wanted)
    return()
  endif()
endif()
execute_process(COMMAND npm install --no-package-lock --no-audit --no-fund --prefix ${FOLDER}
  WORKING_DIRECTORY ${FOLDER} COMMAND_ERROR_IS_FATAL ANY)
file(WRITE ${FOLDER}/installed ${wanted})
